// Serves on a free port of the loopback interface, or the given one, and says which as the first line on stdout. Ends with
// its standard input, so with whoever started it.
import http from 'node:http';

export function serve(answer, port = 0) {
  return new Promise((resolve) => {
    const server = http.createServer((request, response) => answer(request, response));
    server.listen(port, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`));
  });
}

export function ready(issuer) {
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
  console.log(issuer);
}

export async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

export function json(response, value, status = 200) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

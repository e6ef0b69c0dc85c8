// Uses the pages for signing in as people do, in a real Chromium: forms.mjs FOLDER < WHAT
//
// FOLDER is what `install` made. WHAT is JSON: `url`, where the service answers; `handle` and `password` of somebody who
// has signed in before; and links (`/welcome#secret`): `first`, by which somebody sets a password without scripts, `open`,
// which nobody uses, and `development`, which needs no password. With `screenshots`, a folder, pictures of every page are
// left there.
//
// Each page is looked at by axe in both colour schemes, on a phone and on a desk. What is wrong is told in lines, and the
// exit status is 1.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const modules = createRequire(join(process.argv[2], "package.json"));
const { chromium } = modules("playwright-core");
const axe = readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");
const { url, handle, password, first, open, development, screenshots } = JSON.parse(readFileSync(0, "utf8"));

const SIZES = [{ width: 360, height: 740 }, { width: 1280, height: 800 }];
const SCHEMES = ["light", "dark"];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PATIENCE = 120_000;

const wrong = [];
const known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const executablePath = process.env.STINT_TEST_CHROMIUM ?? known;
if (!executablePath) {
  console.log("no Chromium found; install it (apt-get install chromium), or name it in STINT_TEST_CHROMIUM");
  process.exit(1);
}
const browser = await chromium.launch({ executablePath, timeout: PATIENCE });

async function visit(options, use) {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  // A violation of the content security policy is told here, too. That a form was refused is no fault of the page.
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("the server responded with a status of 4")) {
      wrong.push(`${page.url()}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => wrong.push(`${page.url()}: ${error.message}`));
  try {
    await use(page, context);
  } finally {
    await context.close();
  }
}

function expect(holds, claim, page) {
  if (!holds) wrong.push(`${claim}: not on ${page.url()}`);
}

async function look(page, name) {
  if (screenshots) await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: "tag", values } }), RULES);
  for (const { id, help, nodes } of violations) {
    wrong.push(`${name}: ${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) wrong.push(`${name}: it is ${wide} pixels wider than the window`);
}

const at = (path) => new URL(path, url).href;
const secretOf = (link) => new URL(link).hash.slice(1);
const press = (page, name) => page.getByRole("button", { name }).click();
const signedInAs = (page, who) => page.getByText(`You are signed in as`).filter({ hasText: who });

async function signIn(page, who, word) {
  await page.goto(at("/sign-in"));
  await page.getByLabel("Handle").fill(who);
  await page.getByLabel("Password").fill(word);
  await press(page, "Sign in");
}

// Without scripts: a link's secret is typed, a password set; out, and in again.
await visit({ javaScriptEnabled: false }, async (page) => {
  await page.goto(first);
  await page.getByLabel("The part of your link after #").fill(secretOf(first));
  await page.getByLabel("New password").fill(password);
  await press(page, "Set password and sign in");
  await signedInAs(page, handle).waitFor();
  await press(page, "Sign out");
  await page.getByLabel("Handle").waitFor();
  await signIn(page, handle, "a wrong password");
  expect(await page.getByRole("alert").isVisible(), "a wrong password is told", page);
  expect((await page.getByLabel("Handle").inputValue()) === handle, "the handle stays", page);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await signedInAs(page, handle).waitFor();
});

// With scripts, the link alone: the secret is filled in, and gone from the address.
let session;
await visit({}, async (page, context) => {
  await page.goto(development);
  expect(!page.url().includes("#"), "the secret is out of the address", page);
  expect(await page.getByLabel("The part of your link after #").isHidden(), "the secret need not be typed", page);
  await press(page, "Set password and sign in");
  await signedInAs(page, "admin").waitFor();
  expect(page.url() === at("/sign-in"), "one is led on", page);
  session = await context.storageState();
});
await visit({}, async (page) => {
  await page.goto(development);
  await press(page, "Set password and sign in");
  expect(await page.getByRole("alert").isVisible(), "a link that was used is told", page);
});

let nobody = 0;
for (const colorScheme of SCHEMES) {
  for (const viewport of SIZES) {
    const options = { colorScheme, viewport };
    const name = (page) => `${page}-${colorScheme}-${viewport.width}`;
    await visit(options, async (page) => {
      await page.goto(at("/sign-in"));
      await look(page, name("sign-in"));
      await signIn(page, `nobody${(nobody += 1)}`, "a wrong password");
      await page.getByRole("alert").waitFor();
      await look(page, name("sign-in-refused"));
      await page.goto(at("/welcome"));
      await look(page, name("welcome"));
      await page.goto(open);
      await look(page, name("welcome-by-link"));
      await page.getByLabel("New password").fill("password123");
      await press(page, "Set password and sign in");
      await page.getByRole("alert").waitFor();
      await look(page, name("welcome-refused"));
    });
    await visit({ ...options, storageState: session }, async (page) => {
      await page.goto(at("/sign-in"));
      await signedInAs(page, "admin").waitFor();
      await look(page, name("signed-in"));
    });
    await visit({ ...options, locale: "de-DE" }, async (page) => {
      await page.goto(at("/welcome"));
      expect((await page.title()).startsWith("Willkommen"), "German is spoken", page);
      await look(page, name("willkommen"));
    });
  }
}

await browser.close();
if (wrong.length > 0) {
  console.log(wrong.join("\n"));
  process.exit(1);
}

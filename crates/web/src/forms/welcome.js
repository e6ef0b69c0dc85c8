// The secret of a link is its fragment, which no server sees. It goes into the form, and out of the address.
const secret = document.getElementById("secret");
const fragment = location.hash.slice(1);
if (fragment) {
  secret.value = fragment;
  history.replaceState(null, "", location.pathname);
}
if (secret.value) {
  document.getElementById("field-secret").hidden = true;
}

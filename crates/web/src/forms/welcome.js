// The secret of a link is its fragment, which no server sees. It goes into the form, and out of the address: also when the
// link is opened where this page is open already, which loads nothing.
const secret = document.getElementById("secret");
function take() {
  const fragment = location.hash.slice(1);
  if (fragment) {
    secret.value = fragment;
    history.replaceState(null, "", location.pathname);
  }
  if (secret.value) {
    document.getElementById("field-secret").hidden = true;
  }
}
take();
addEventListener("hashchange", take);

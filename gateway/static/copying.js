// "Copy" beside a text that is there to be copied: a button names the text by `data-copies`, and says what it did with its
// own words. Without a script the text can be marked and copied by hand.

export function offerCopies(root) {
  offerIn(root);
  document.addEventListener("outcome", (event) => offerIn(event.detail));
}

function offerIn(root) {
  for (const button of root.querySelectorAll("[data-copies]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const text = document.getElementById(button.dataset.copies);
  const said = document.getElementById(button.getAttribute("aria-describedby"));
  const done = (await toClipboard(text.value)) || byHand(text);
  said.textContent = done ? button.dataset.copied : button.dataset.notCopied;
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not over TLS, or not allowed
  }
}

// The way of older browsers. Where it fails too the text is marked, and a person can copy it.
function byHand(text) {
  text.closest("details")?.setAttribute("open", "");
  text.focus();
  text.select();
  return document.execCommand("copy");
}

// "Copy" beside the text for the notes. Without a script the text can be marked and copied by hand.

export function offerCopies() {
  offer();
  document.addEventListener("outcome", offer);
}

function offer() {
  document.getElementById("copy-notes")?.addEventListener("click", copyNotes);
}

async function copyNotes(event) {
  const text = document.getElementById("notes");
  const done = (await toClipboard(text.value)) || byHand(text);
  document.getElementById("copy-status").textContent = event.target.dataset[done ? "copied" : "notCopied"];
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
  text.focus();
  text.select();
  return document.execCommand("copy");
}

// What the page can do better with a script: drop, preview, and an answer without leaving the page.
// Every sentence comes from the page itself, so that there is one catalogue. Without this file the plain form works.
"use strict";

(() => {
  const form = document.getElementById("upload");
  if (!form) return;
  const input = form.elements.photo;
  const drop = document.getElementById("drop");
  const preview = document.getElementById("preview");
  const portrait = drop.querySelector(".portrait");
  const message = document.getElementById("message");
  const status = document.getElementById("status");
  const button = form.querySelector("button");
  const outcome = document.getElementById("outcome");
  const about = document.getElementById("about-model");
  let shownUrl = null;

  document.documentElement.classList.add("enhances");

  function showPhoto(photo) {
    preview.hidden = !photo;
    portrait.toggleAttribute("hidden", Boolean(photo));
    message.textContent = "";
    if (!photo) {
      preview.removeAttribute("src");
      return;
    }
    if (shownUrl) URL.revokeObjectURL(shownUrl);
    shownUrl = URL.createObjectURL(photo);
    preview.src = shownUrl;
    if (photo.size > Number(form.dataset.maxBytes)) message.textContent = form.dataset.tooLarge;
  }

  function setBusy(busy) {
    button.disabled = busy;
    form.setAttribute("aria-busy", String(busy));
    status.textContent = busy ? form.dataset.working : "";
  }

  function showOutcome(html, photoUrl) {
    const answered = new DOMParser().parseFromString(html, "text/html").getElementById("outcome");
    outcome.replaceChildren(...answered.childNodes);
    const seen = outcome.querySelector(".seen");
    if (seen && photoUrl) {
      const image = seen.querySelector("img");
      // A photo that the browser cannot show (a damaged one) is left out instead of shown as a broken picture.
      image.addEventListener("load", () => { seen.hidden = false; });
      image.src = photoUrl;
    }
    // An answer carries what the page says about the model, so that is not said twice.
    if (about) about.hidden = Boolean(outcome.querySelector(".result"));
    const heading = document.getElementById("outcome-heading");
    heading.focus({ preventScroll: true });
    outcome.scrollIntoView({ block: "start" });
  }

  async function send() {
    const photo = input.files[0];
    if (!photo || photo.size > Number(form.dataset.maxBytes)) return;
    const body = new FormData();
    // The file's own name stays here: it may name a person.
    body.append("photo", photo, "photo");
    if (form.elements.explain && form.elements.explain.checked) body.append("explain", "true");
    setBusy(true);
    try {
      const response = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
      const html = await response.text();
      const photoUrl = shownUrl;
      shownUrl = null;
      form.reset();
      showPhoto(null);
      showOutcome(html, photoUrl);
      form.querySelector("h2").textContent = form.dataset.another;
    } catch {
      message.textContent = form.dataset.offline;
    } finally {
      setBusy(false);
    }
  }

  input.addEventListener("change", () => showPhoto(input.files[0]));
  drop.addEventListener("click", (event) => {
    if (event.target !== input && event.target.tagName !== "LABEL") input.click();
  });
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const kind of ["dragleave", "drop"]) {
    drop.addEventListener(kind, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length !== 1) {
      message.textContent = form.dataset.onlyOne;
      return;
    }
    input.files = event.dataTransfer.files;
    showPhoto(input.files[0]);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
})();

// Which photo is going to be sent: chosen, dropped, pasted or taken. The form's own file field holds it, so that there is
// one photo, and what is shown is what is sent.

export class PhotoChoice {
  #form;
  #input;
  #drop;
  #preview;
  #portrait;
  #message;
  #url = null;
  #locked = false;

  constructor(form) {
    this.#form = form;
    this.#input = form.elements.photo;
    this.#drop = document.getElementById("drop");
    this.#preview = document.getElementById("preview");
    this.#portrait = this.#drop.querySelector(".portrait");
    this.#message = document.getElementById("message");
    this.#input.addEventListener("change", () => this.#show());
    this.#acceptDrops();
    document.addEventListener("paste", (event) => this.#paste(event));
    // A browser may bring an earlier choice back with the page.
    window.addEventListener("pageshow", () => this.#show());
  }

  // The photo that may be sent; null where there is none, or it is too large.
  get photo() {
    const photo = this.#input.files[0] ?? null;
    return photo && !this.#isTooLarge(photo) ? photo : null;
  }

  // Replaces the choice.
  put(photo) {
    const files = new DataTransfer();
    files.items.add(photo);
    this.#input.files = files.files;
    this.#show();
  }

  clear() {
    this.#input.value = "";
    this.#show();
  }

  say(sentence) {
    this.#message.textContent = sentence;
  }

  // While an answer is awaited the choice stays what it is: the answer must not be taken for another photo's.
  lock(locked) {
    this.#locked = locked;
    this.#input.disabled = locked;
  }

  // The address of the preview, which from now on belongs to the caller.
  takeUrl() {
    const url = this.#url;
    this.#url = null;
    return url;
  }

  #show() {
    const photo = this.#input.files[0] ?? null;
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = photo && URL.createObjectURL(photo);
    this.#preview.hidden = !photo;
    this.#portrait.toggleAttribute("hidden", Boolean(photo));
    if (photo) this.#preview.src = this.#url;
    else this.#preview.removeAttribute("src");
    this.say(photo && this.#isTooLarge(photo) ? this.#form.dataset.tooLarge : "");
  }

  #isTooLarge(photo) {
    return photo.size > Number(this.#form.dataset.maxBytes);
  }

  #acceptDrops() {
    const drop = this.#drop;
    drop.addEventListener("click", (event) => {
      if (event.target !== this.#input && event.target.tagName !== "LABEL") this.#input.click();
    });
    for (const kind of ["dragenter", "dragover"]) {
      drop.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.classList.add("over");
      });
    }
    for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#putOnly(event.dataTransfer.files);
    });
    // A photo that misses the box must not replace the page.
    for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
  }

  #paste(event) {
    const files = event.clipboardData?.files ?? [];
    const isText = event.target instanceof Element && event.target.matches("textarea, input:not([type=file])");
    if (files.length === 0 && isText) return;
    event.preventDefault();
    if (files.length === 0) this.say(this.#form.dataset.nothingPasted);
    else this.#putOnly(files);
  }

  #putOnly(files) {
    if (this.#locked) return;
    if (files.length === 1) this.put(files[0]);
    else this.say(this.#form.dataset.onlyOne);
  }
}

// A label by which a person tells two tabs apart. It has no name in the form, so it is never sent, and the browser is asked
// not to remember it: it lives in this page and ends with it.

export class CaseLabel {
  #input = document.getElementById("case-label");
  #words;
  #label = "";

  constructor(form) {
    this.#words = form.dataset.caseOf;
  }

  // From now on what is shown belongs to the photo that is being sent.
  take() {
    this.#label = this.#input.value.trim();
  }

  // Marks an outcome, and the text for the notes, with the label of its photo.
  putInto(outcome) {
    const card = outcome.querySelector(".card");
    if (!this.#label || !card) return;
    const line = document.createElement("p");
    line.className = "case";
    line.textContent = `${this.#words}: ${this.#label}`;
    card.prepend(line);
    const notes = outcome.querySelector("#notes");
    if (notes) notes.value = `${line.textContent}\n${notes.value}`;
  }

  // Into the emptied form again: a photo that was refused is taken anew for the same case.
  restore() {
    this.#input.value = this.#label;
  }
}

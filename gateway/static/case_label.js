// A label by which a person tells two tabs apart. It has no name in the form, so it is never sent, and the browser is asked
// not to remember it: it lives in this page and ends with it.

export class CaseLabel {
  #input = document.getElementById("case-label");
  #words;
  #kept = "";

  constructor(form) {
    this.#words = form.dataset.caseOf;
  }

  // Marks an outcome, and the text for the notes, with the label of the photo that was sent.
  putInto(outcome, { keep }) {
    const label = this.#input.value.trim();
    this.#kept = keep ? label : "";
    const heading = outcome.querySelector("#outcome-heading");
    if (!label || !heading) return;
    const line = document.createElement("p");
    line.className = "case";
    line.textContent = `${this.#words}: ${label}`;
    outcome.querySelector(".card").prepend(line);
    for (const notes of outcome.querySelectorAll("textarea[readonly]")) notes.value = `${line.textContent}\n${notes.value}`;
  }

  // Brings the label back after the form was emptied: a photo that was refused is taken again for the same case.
  restore() {
    this.#input.value = this.#kept;
  }
}

// The answer and its pictures: press a bar, a mark, a kind of heatmap, or copy the number.
element.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-target], [data-mark], [data-method]");
  if (choice) trigger("choose", { ...choice.dataset });
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    copyBySelection(button.dataset.copy); // a page on plain http has no clipboard
  }
  const said = button.firstElementChild;
  said.textContent = "Copied";
  setTimeout(() => (said.textContent = "Copy"), 2000);
}

function copyBySelection(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

// The answer and its pictures: press a bar, a mark, a kind of heatmap, or copy the number.
const waiting = [];
let isChoosing = false;

document.addEventListener("click", (event) => {
  if (!event.target.closest("#answer, #pictures")) return;
  const choice = event.target.closest("[data-target], [data-mark], [data-method]");
  if (choice) choose({ ...choice.dataset });
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

// One at a time, as each builds on the last one; sent at once they may arrive in any order.
function choose(choice) {
  if (isChoosing) {
    waiting.push(choice);
  } else {
    isChoosing = true;
    trigger("choose", choice);
  }
}
for (const end of ["chosen", "unanswered"]) {
  document.addEventListener(end, () => {
    isChoosing = false;
    if (waiting.length) choose(waiting.shift());
  });
}

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

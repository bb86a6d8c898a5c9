// Shows how much of a form with files has been sent, and takes files that are dropped on it. Without it the form works as well.
(() => {
  const form = document.getElementById("upload");
  if (!form) return;
  const note = document.getElementById("sending");
  const bar = note.querySelector("progress");
  const text = note.querySelector("span");
  const files = form.elements.files;
  const say = (words, sent) => {
    note.hidden = false;
    bar.hidden = sent === undefined;
    if (sent !== undefined) bar.value = sent;
    text.textContent = words;
  };
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    form.addEventListener(kind, (event) => {
      event.preventDefault();
      form.classList.toggle("drop-here", kind === "dragenter" || kind === "dragover");
    });
  }
  form.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    files.files = event.dataTransfer.files;
    say(`${form.dataset.chosen} ${[...files.files].map((file) => file.name).slice(0, 5).join(", ")}`);
  });
  form.addEventListener("submit", (event) => {
    const size = [...files.files].reduce((sum, file) => sum + file.size, 0);
    if (!size) return;
    event.preventDefault();
    if (size > Number(form.dataset.max)) {
      say(form.dataset.tooLarge);
      return;
    }
    const button = form.querySelector("button");
    const request = new XMLHttpRequest();
    request.upload.onprogress = (sent) => {
      const percent = (100 * sent.loaded) / sent.total;
      say(sent.loaded < sent.total ? `${Math.floor(percent)} %` : form.dataset.stored, percent);
    };
    request.onload = () => {
      document.open();
      document.write(request.responseText);
      document.close();
    };
    request.onerror = () => {
      say(form.dataset.broken);
      button.disabled = false;
    };
    request.open("POST", form.action);
    button.disabled = true;
    say("0 %", 0);
    request.send(new FormData(form));
  });
})();

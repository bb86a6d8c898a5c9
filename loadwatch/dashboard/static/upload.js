// Shows how much of a large form has been sent. Without it the form works as well.
(() => {
  const form = document.getElementById("upload");
  const note = document.getElementById("sending");
  const bar = note.querySelector("progress");
  const text = note.querySelector("span");
  form.addEventListener("submit", (event) => {
    const size = [...form.elements.files.files].reduce((sum, file) => sum + file.size, 0);
    if (!size) return;
    event.preventDefault();
    note.hidden = false;
    if (size > Number(form.dataset.max)) {
      text.textContent = "is not possible: that is more than this server takes at once.";
      return;
    }
    const button = form.querySelector("button");
    const end = (words) => {
      text.textContent = words;
      button.disabled = false;
    };
    const request = new XMLHttpRequest();
    request.upload.onprogress = (sent) => {
      bar.value = (100 * sent.loaded) / sent.total;
      text.textContent = sent.loaded < sent.total ? `${Math.floor(bar.value)} %` : "sent, being stored …";
    };
    request.onload = () => {
      document.open();
      document.write(request.responseText);
      document.close();
    };
    request.onerror = () => end("was broken off. Nothing of it was taken in: please try again.");
    request.open("POST", form.action);
    button.disabled = true;
    request.send(new FormData(form));
  });
})();

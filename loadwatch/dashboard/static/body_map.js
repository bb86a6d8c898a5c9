// Says in words what is tapped in the drawing. Without it the drawing works as well.
(() => {
  const tapped = document.getElementById("tapped");
  const places = [...document.querySelectorAll("input.tapped")];
  const tell = () => {
    for (const names of tapped.querySelectorAll("[data-leg]")) {
      const here = places.filter((p) => p.checked && p.dataset.leg === names.dataset.leg);
      names.textContent = here.map((p) => p.dataset.place).join("; ");
      names.parentElement.hidden = !here.length;
    }
    tapped.hidden = !places.some((p) => p.checked);
  };
  for (const place of places) place.addEventListener("change", tell);
  window.addEventListener("pageshow", tell); // a browser that goes back fills in what was tapped
})();

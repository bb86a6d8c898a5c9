// Chooses the time zone of the browser's clock where nobody has chosen yet, or offers it. Without it one chooses from the list.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const guess = document.querySelector("[data-guess-timezone] select");
  if (guess && guess.value === "UTC" && [...guess.options].some((option) => option.value === zone)) guess.value = zone;
  const offer = document.querySelector("[data-offer-timezone]");
  if (offer && zone && zone !== offer.dataset.offerTimezone && offer.elements.timezone) {
    offer.elements.timezone.value = zone;
    offer.querySelector("strong").textContent = zone;
    offer.hidden = false;
  }
})();

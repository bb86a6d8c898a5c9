/* Asks for what is new while the page is looked at. Nothing moves under a reader's hands: only a page that nobody has
   touched yet takes up what came by itself, any other one offers it. */
"use strict";

(() => {
  const poll = () => document.getElementById("live-poll");
  if (!poll()) return;

  let touched = false;
  for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) {
    document.addEventListener(kind, () => { touched = true; }, { passive: true });
  }

  const ask = () => {
    if (document.visibilityState === "visible" && poll()) htmx.trigger(poll(), "live:ask");
  };
  setInterval(ask, Number(poll().dataset.every) * 1000);
  document.addEventListener("visibilitychange", ask);

  document.addEventListener("click", (event) => {
    if (event.target.id === "live-later") document.getElementById("live-said").replaceChildren();
  });

  document.addEventListener("htmx:after:swap", (event) => {
    const ctx = event.detail.ctx;
    const show = document.getElementById("live-show");
    if (ctx.target && ctx.target.id === "main") {
      if (show) show.closest(".row").remove();
      if (touched) document.getElementById("main").focus({ preventScroll: true });
      touched = false;
    } else if (show && !touched) {
      show.click();
    }
  });

  /* A session that has ended answers with the log-in, a fault with its own page: neither belongs into a piece of this
     one. What was asked in the background waits; what the reader asked for is asked again, as without this script. */
  document.addEventListener("htmx:before:response", (event) => {
    const { response, sourceElement } = event.detail.ctx;
    if (response.status < 400 && !response.raw.redirected) return;
    event.preventDefault();
    if (sourceElement.id === "live-poll") return;
    if (response.raw.redirected) location.assign(response.raw.url);
    else if (sourceElement.matches("form")) sourceElement.submit();
    else location.assign(sourceElement.href);
  });
})();

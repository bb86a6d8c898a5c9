// What a run that is typed in would set off, at once; and moving planned runs, by dragging their handle with mouse or
// finger, and with the arrow keys. Without this script a run is judged when it is added, and has a form to be moved.
(() => {
  "use strict";
  const plan = document.getElementById("plan");
  let dragged = null;
  let target = null;

  const ready = () => {
    for (const handle of plan.querySelectorAll(".plan-handle")) handle.hidden = false;
  };

  const show = (html) => {
    plan.innerHTML = html;
    ready();
  };

  const send = async (form) => {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { "HX-Request": "true" },
      redirect: "error",
    });
    if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
    show(await answer.text());
    return answer.ok;
  };

  const move = async (run, day) => {
    const form = run.querySelector(".plan-move");
    if (form.elements.day.value === day) return;
    form.elements.day.value = day;
    const id = run.dataset.run;
    try {
      await send(form);
    } catch {
      form.submit();
      return;
    }
    const handle = plan.querySelector(`[data-run="${id}"] .plan-handle`);
    if (handle) handle.focus();
  };

  const mark = (day) => {
    if (target) target.classList.remove("plan-target");
    target = day;
    if (target) target.classList.add("plan-target");
  };

  const drop = () => {
    if (dragged) dragged.classList.remove("plan-dragged");
    mark(null);
    dragged = null;
  };

  plan.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest(".plan-handle");
    if (!handle || event.button !== 0) return;
    dragged = handle.closest("[data-run]");
    dragged.classList.add("plan-dragged");
    handle.setPointerCapture(event.pointerId);
  });
  plan.addEventListener("pointermove", (event) => {
    if (!dragged) return;
    const under = document.elementFromPoint(event.clientX, event.clientY);
    mark(under ? under.closest("[data-day]") : null);
    const edge = 60;
    if (event.clientY < edge) window.scrollBy(0, -12);
    if (event.clientY > window.innerHeight - 2 * edge) window.scrollBy(0, 12);
  });
  plan.addEventListener("pointerup", () => {
    if (!dragged) return;
    const run = dragged;
    const day = target ? target.dataset.day : null;
    drop();
    if (day) move(run, day);
  });
  plan.addEventListener("pointercancel", drop);

  plan.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const handle = event.target.closest(".plan-handle");
    if (!step || !handle) return;
    event.preventDefault();
    const days = [...plan.querySelectorAll("[data-day]")];
    const now = days.indexOf(handle.closest("[data-day]"));
    const next = days[now + step];
    if (next) move(handle.closest("[data-run]"), next.dataset.day);
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-plan]");
    if (!form) return;
    event.preventDefault();
    try {
      const stored = await send(form);
      if (stored && form.classList.contains("plan-add")) {
        for (const name of ["distance", "descent", "fast"]) form.elements[name].value = "";
        clearTimeout(typing);
        thought.replaceChildren();
        form.elements.distance.focus();
      }
    } catch {
      form.submit();
    }
  });

  const add = document.querySelector(".plan-add");
  const thought = document.getElementById("thought");
  let typing = null;
  let asked = null;
  add.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(async () => {
      if (asked) asked.abort();
      asked = new AbortController();
      const typed = new URLSearchParams();
      for (const name of ["day", "distance", "descent", "fast"]) typed.set(name, add.elements[name].value);
      try {
        const answer = await fetch(`${add.dataset.preview}?${typed}`, { signal: asked.signal });
        if (answer.ok && !answer.redirected) thought.innerHTML = (await answer.text()).trim();
      } catch (error) {
        if (error.name !== "AbortError") thought.replaceChildren();
      }
    }, 400);
  });

  ready();
})();

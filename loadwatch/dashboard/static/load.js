// Charts of load to zoom into. Without it, or without its data, the drawings of the page stay as they are.
(() => {
  const box = document.getElementById("charts");
  const zoom = document.getElementById("zoom");
  if (!box || !zoom || !window.uPlot || !window.fetch) return;

  const words = (name) => box.dataset[`words${name[0].toUpperCase()}${name.slice(1)}`];
  const language = document.documentElement.lang || "en";
  const DAY = 86400;
  const SHORTEST = 14 * DAY; // no closer look than this

  const date = (options) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
  const dayName = date({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const numbers = [0, 1].map((digits) => new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  const told = (value, of) => `${numbers[of.digits].format(value)} ${of.unit}`;
  const onDay = (second) => dayName.format(new Date(second * 1000));
  const seconds = (days, part = 0) => days.map((day) => (day + part) * DAY);

  const colours = () => {
    const css = getComputedStyle(document.documentElement);
    return Object.fromEntries(
      ["ink", "muted", "line", "card", "bar", "accent", "accent-soft", "caution"].map((name) => [name, css.getPropertyValue(`--${name}`).trim()]),
    );
  };
  let colour = colours();

  const charts = [];
  let first, last, from, to, data;

  // what is drawn by hand

  const hatched = (u, left, right) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, bbox.top, right - left, bbox.height);
    ctx.clip();
    ctx.strokeStyle = colour.line;
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath();
    const step = 9 * devicePixelRatio;
    // Counted from the same place everywhere, so that what is hatched twice looks as if it were once.
    for (let x = Math.floor((left - bbox.height) / step) * step; x < right; x += step) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  };
  const within = (u, a, b) => {
    const edge = (value) => Math.min(Math.max(u.valToPos(value, "x", true), u.bbox.left), u.bbox.left + u.bbox.width);
    return [edge(a), edge(b)];
  };
  const drawUnknown = (u) => {
    for (const [a, b] of data.unknown) {
      const [left, right] = within(u, a * DAY, (b + 1) * DAY);
      if (right > left) hatched(u, left, right);
    }
  };

  const bar = (u, left, right, value, dashed) => {
    const { ctx, bbox } = u;
    const top = u.valToPos(value, "y", true);
    const bottom = u.valToPos(0, "y", true);
    const l = Math.max(left, bbox.left);
    const r = Math.min(right, bbox.left + bbox.width);
    if (r <= l) return;
    const wide = Math.max(r - l, devicePixelRatio);
    if (dashed && wide > 4 * devicePixelRatio) {
      ctx.setLineDash([3 * devicePixelRatio, 2 * devicePixelRatio]);
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.strokeRect(l, top, wide, bottom - top);
      ctx.setLineDash([]);
    } else {
      ctx.fillRect(l, top, wide, bottom - top);
    }
  };

  const drawRuns = (u) => {
    const { ctx } = u;
    const day = Math.abs(u.valToPos(DAY, "x", true) - u.valToPos(0, "x", true));
    const wide = Math.min(Math.max(day * 0.7, devicePixelRatio), 14 * devicePixelRatio);
    ctx.save();
    for (let i = 0; i < u.data[0].length; i++) {
      const at = u.data[0][i];
      if (at < from || at > to) continue;
      ctx.fillStyle = data.speaking.has(data.runs.id[i]) ? colour.caution : colour.bar;
      const x = u.valToPos(at, "x", true);
      bar(u, x - wide / 2, x + wide / 2, u.data[1][i], false);
    }
    ctx.restore();
  };

  const drawWeeks = (u, of) => {
    const { ctx } = u;
    ctx.save();
    for (let i = 0; i < data.weeks.day.length; i++) {
      const [left, right] = within(u, data.weeks.day[i] * DAY, (data.weeks.day[i] + 7) * DAY);
      if (right <= left) continue;
      const gap = Math.min((right - left) * 0.15, 2 * devicePixelRatio);
      if (of.high[i] !== null) {
        const [high, low] = [u.valToPos(of.high[i], "y", true), u.valToPos(of.low[i], "y", true)];
        ctx.fillStyle = colour["accent-soft"];
        ctx.fillRect(left, high, right - left, Math.max(low - high, devicePixelRatio));
      }
      if (of.value[i] === null) hatched(u, left, right);
      else {
        ctx.fillStyle = ctx.strokeStyle = colour.bar;
        bar(u, left + gap, right - gap, of.value[i], of.part[i]);
      }
      if (of.high[i] !== null) {
        ctx.strokeStyle = colour.ink;
        ctx.lineWidth = devicePixelRatio;
        ctx.beginPath();
        for (const value of [of.low[i], of.high[i]]) {
          ctx.moveTo(left, u.valToPos(value, "y", true));
          ctx.lineTo(right, u.valToPos(value, "y", true));
        }
        ctx.stroke();
      }
    }
    ctx.restore();
  };

  const drawPains = (u) => {
    const { ctx, bbox } = u;
    const day = Math.abs(u.valToPos(DAY, "x", true) - u.valToPos(0, "x", true));
    const wide = Math.min(Math.max(day * 0.7, 2 * devicePixelRatio), 8 * devicePixelRatio);
    const row = bbox.height / 2;
    ctx.save();
    ctx.font = `${12 * devicePixelRatio}px ${getComputedStyle(document.body).fontFamily}`;
    ["left", "right"].forEach((side, n) => {
      const base = bbox.top + (n + 1) * row - 5 * devicePixelRatio;
      ctx.fillStyle = colour.muted;
      ctx.fillRect(bbox.left, base, bbox.width, devicePixelRatio);
      ctx.textAlign = "right";
      ctx.fillText(words(side), bbox.left - 6 * devicePixelRatio, base - 8 * devicePixelRatio);
      data.pains.day.forEach((on, i) => {
        const at = (on + 0.5) * DAY;
        if (data.pains.side[i] !== side || at < from || at > to) return;
        const x = u.valToPos(at, "x", true);
        const worst = data.pains.worst[i];
        ctx.fillStyle = worst === 0 ? colour.muted : colour.caution;
        ctx.strokeStyle = colour.caution;
        if (worst) {
          const high = (worst / 10) * (row - 12 * devicePixelRatio);
          ctx.fillRect(x - wide / 2, base - high, wide, high);
          return;
        }
        ctx.beginPath();
        ctx.arc(x, worst === 0 ? base : base - 7 * devicePixelRatio, (worst === 0 ? 2.5 : 4) * devicePixelRatio, 0, 7);
        if (worst === 0) ctx.fill();
        else {
          ctx.lineWidth = 2 * devicePixelRatio;
          ctx.stroke();
        }
      });
    });
    ctx.restore();
  };

  // alerts above the runs, as links

  const SHAPES = {
    1: '<circle class="lc-mark" cx="8" cy="8" r="5"/>',
    2: '<polygon class="lc-mark lc-mark-caution" points="8,1 15,14 1,14"/>',
    4: '<rect class="lc-mark lc-mark-stop" x="2" y="2" width="12" height="12"/>',
  };
  const shape = (severity) => SHAPES[severity >= 4 ? 4 : severity >= 2 ? 2 : 1];
  const placeAlerts = (u) => {
    let lane = u.root.querySelector(".lc-lane");
    if (!lane) {
      lane = document.createElement("div");
      lane.className = "lc-lane";
      lane.setAttribute("aria-hidden", "true"); // the list below has the same links, in words
      u.root.querySelector(".u-wrap").append(lane);
    }
    lane.replaceChildren();
    const seen = new Map();
    for (const [day, id, severity, name] of data.alerts) {
      const at = (day + 0.5) * DAY;
      if (at < from || at > to) continue;
      const x = Math.round(u.valToPos(at, "x") + u.over.offsetLeft);
      const stacked = seen.get(x) || 0;
      seen.set(x, stacked + 1);
      if (stacked > 2) continue;
      const link = document.createElement("a");
      link.href = box.dataset.alert.replace(/0$/, id);
      link.tabIndex = -1;
      link.title = `${onDay(at)}: ${name}`;
      link.style.left = `${x}px`;
      link.style.top = `${2 + 14 * stacked}px`;
      link.innerHTML = `<svg class="lc-key" viewBox="0 0 16 16">${shape(severity)}</svg>`;
      lane.append(link);
    }
  };

  // what a bar says

  const nearest = (days, second) => {
    let best = null;
    days.forEach((day, i) => {
      const away = Math.abs(day - second);
      if (best === null || away < Math.abs(days[best] - second)) best = i;
    });
    return best;
  };
  const saysRun = (u, second) => {
    const i = nearest(u.data[0], second);
    if (i === null || Math.abs(u.data[0][i] - second) > Math.max(2 * DAY, (to - from) / 60)) return null;
    const ceiling = data.runs.ceiling[i];
    const said = `${onDay(u.data[0][i])}: ${told(data.runs.value[i], data.runs)}`;
    return [ceiling === null ? said : `${said}, ${words("ceiling")} ${told(ceiling, data.runs)}`, box.dataset.run.replace(/0$/, data.runs.id[i])];
  };
  const saysWeek = (of) => (u, second) => {
    const i = data.weeks.day.findIndex((day) => day * DAY <= second && second < (day + 7) * DAY);
    if (i < 0) return null;
    const value = of.value[i] === null ? words("unknown") : told(of.value[i], of);
    const part = of.value[i] !== null && of.part[i] ? ` (${words("least")})` : "";
    const usual = of.high[i] === null ? "" : `, ${words("usual")} ${numbers[of.digits].format(of.low[i])} – ${told(of.high[i], of)}`;
    return [`${words("week")} ${onDay(data.weeks.day[i] * DAY)}: ${value}${part}${usual}`];
  };
  const saysPain = (u, second) => {
    const day = Math.floor(second / DAY);
    const near = data.pains.day[nearest(data.pains.day, day)];
    if (near === undefined || Math.abs(near - day) > Math.max(1, (to - from) / DAY / 60)) return null;
    const parts = data.pains.day.flatMap((on, i) => {
      if (on !== near) return [];
      const worst = data.pains.worst[i];
      const how = worst === null ? words("hurt") : worst === 0 ? words("nothing") : `${words("pain")} ${worst}/10`;
      return [`${words(data.pains.side[i])}: ${how}`];
    });
    return [`${onDay(near * DAY)}: ${parts.join(", ")}`];
  };

  // zoom, the same for all charts

  const show = (a, b) => {
    const wide = Math.min(Math.max(b - a, Math.min(SHORTEST, last - first)), last - first);
    const middle = (a + b) / 2;
    from = Math.max(first, Math.min(middle - wide / 2, last - wide));
    to = from + wide;
    for (const chart of charts) chart.setScale("x", { min: from, max: to });
    for (const button of zoom.querySelectorAll("button")) {
      const whole = wide >= last - first - 1;
      const stuck = { in: wide <= SHORTEST, out: whole, all: whole, back: from <= first + 1, on: to >= last - 1 };
      button.disabled = stuck[button.dataset.zoom];
    }
  };
  const moves = {
    in: () => show(from + (to - from) / 4, to - (to - from) / 4),
    out: () => show(from - (to - from) / 2, to + (to - from) / 2),
    back: () => show(from - (to - from) / 2, to - (to - from) / 2),
    on: () => show(from + (to - from) / 2, to + (to - from) / 2),
    all: () => show(first, last),
  };

  const touches = (u) => {
    const points = new Map();
    let began = null;
    const middle = () => [...points.values()].reduce((sum, x) => sum + x, 0) / points.size;
    const spread = () => Math.max(20, Math.max(...points.values()) - Math.min(...points.values()));
    const begin = () => {
      began = points.size ? { from, to, middle: middle(), spread: spread(), n: points.size } : null;
    };
    u.over.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "touch") return;
      points.set(event.pointerId, event.offsetX);
      begin();
    });
    u.over.addEventListener("pointermove", (event) => {
      if (!points.has(event.pointerId) || !began) return;
      points.set(event.pointerId, event.clientX - u.over.getBoundingClientRect().left);
      const perPixel = (began.to - began.from) / u.over.clientWidth;
      const wide = began.n > 1 ? ((began.to - began.from) * began.spread) / spread() : began.to - began.from;
      const held = began.from + began.middle * perPixel;
      const start = held - (middle() / u.over.clientWidth) * wide;
      show(start, start + wide);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      u.over.addEventListener(end, (event) => {
        points.delete(event.pointerId);
        begin();
      });
    }
  };

  // one chart

  const monthNames = [date({ month: "short" }), date({ month: "short", year: "numeric" }), date({ day: "numeric", month: "short" }), date({ year: "numeric" })];
  const timeLabels = (u, splits, axis, space, step) =>
    splits.map((second) => {
      const at = new Date(second * 1000);
      if (step >= 360 * DAY) return monthNames[3].format(at);
      if (step < 28 * DAY) return monthNames[2].format(at);
      return monthNames[at.getUTCMonth() === 0 ? 1 : 0].format(at);
    });

  const make = (place, { points, values, draw, says, height, ticks }) => {
    const read = document.createElement("p");
    read.className = "lc-read";
    read.textContent = "\u00a0";
    const still = place.querySelector("svg");
    const holder = document.createElement("div");
    holder.className = "lc-live";
    holder.setAttribute("aria-hidden", "true"); // the drawing stays for those who listen
    const highest = () => {
      let most = 0;
      for (const { at, value } of values()) if (at > from - 7 * DAY && at < to && value > most) most = value;
      return most * 1.08 || 1;
    };
    const series = points.slice(1).map((_, i) => ({
      show: i === 1,
      stroke: () => colour.ink,
      width: 1.4,
      dash: [5, 3],
      points: { show: false },
      paths: i === 1 ? uPlot.paths.stepped({ align: -1 }) : () => null,
    }));
    const chart = new uPlot(
      {
        width: place.clientWidth,
        height,
        tzDate: (second) => uPlot.tzDate(new Date(second * 1000), "Etc/UTC"),
        legend: { show: false },
        padding: [place.dataset.chart === "runs" ? 48 : 8, 28, 0, null],
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: true, y: false, setScale: false },
          sync: { key: "load", setSeries: false, scales: ["x", null] },
        },
        select: { show: true },
        scales: { x: { time: true, range: (u, min, max) => [min ?? from, max ?? to] }, y: { range: () => [0, draw === drawPains ? 10 : highest()] } },
        axes: [
          { stroke: () => colour.muted, grid: { show: false }, ticks: { stroke: () => colour.line }, values: timeLabels, space: 64, size: 32, font: "13px system-ui, sans-serif" },
          {
            show: true,
            size: 52,
            stroke: () => colour.muted,
            font: "13px system-ui, sans-serif",
            grid: { show: ticks, stroke: () => colour.line, width: 1 },
            ticks: { show: false },
            values: (u, splits) => splits.map((value) => (ticks ? new Intl.NumberFormat(language).format(value) : "")),
            space: 36,
          },
        ],
        series: [{}, ...series],
        hooks: {
          drawClear: draw === drawPains ? [] : [drawUnknown],
          drawAxes: [(u) => draw(u)],
          draw: place.dataset.chart === "runs" ? [placeAlerts] : [],
          setSelect: [
            (u) => {
              const { left, width } = u.select;
              if (width > 8) show(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            },
          ],
          setCursor: [
            (u) => {
              if (u.cursor.left === undefined || u.cursor.left < 0) return;
              const said = says(u, u.posToVal(u.cursor.left, "x"));
              if (!said) return;
              read.textContent = said[0];
              if (said[1]) {
                const link = document.createElement("a");
                link.href = said[1];
                link.textContent = words("open");
                read.append(" ", link);
              }
            },
          ],
        },
      },
      points,
      holder,
    );
    place.append(holder, read);
    still.classList.add("visually-hidden");
    for (const link of still.querySelectorAll("a")) link.replaceWith(...link.childNodes);
    touches(chart);
    charts.push(chart);
  };

  const build = () => {
    for (const place of box.querySelectorAll("[data-chart]")) {
      const kind = place.dataset.chart;
      if (kind === "runs") {
        const at = seconds(data.runs.day, 0.5);
        const values = () => at.flatMap((t, i) => [{ at: t, value: data.runs.value[i] }, { at: t, value: data.runs.ceiling[i] || 0 }]);
        make(place, { points: [at, data.runs.value, data.runs.ceiling], values, draw: drawRuns, says: saysRun, height: 280, ticks: true });
      } else if (kind === "pains") {
        make(place, { points: [[first, last], [null, null]], values: () => [], draw: drawPains, says: saysPain, height: 130, ticks: false });
      } else if (data.weeks[kind]) {
        const of = data.weeks[kind];
        const at = seconds(data.weeks.day);
        const values = () => at.map((t, i) => ({ at: t, value: Math.max(of.value[i] || 0, of.high[i] || 0) }));
        make(place, { points: [at, of.value.map((value) => value)], values, draw: (u) => drawWeeks(u, of), says: saysWeek(of), height: 150, ticks: true });
      }
    }
  };

  fetch(`${box.dataset.url}?from=${box.dataset.from}&to=${box.dataset.to}`, { credentials: "same-origin" })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .then((got) => {
      data = got;
      // The alerts of a run colour its bar, as in the drawing.
      data.speaking = new Set(data.speaking);
      [first, last] = [data.first * DAY, (data.last + 1) * DAY];
      [from, to] = [first, last];
      build();
      show(first, last);
      zoom.hidden = false;
      document.getElementById("zoom-hint").hidden = false;
      zoom.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button) moves[button.dataset.zoom]();
      });
      new ResizeObserver(() => {
        for (const chart of charts) {
          const width = chart.root.parentElement.clientWidth;
          if (width && width !== chart.width) chart.setSize({ width, height: chart.height });
        }
      }).observe(box);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
        colour = colours();
        for (const chart of charts) chart.redraw(false, true);
      });
    })
    .catch(() => {});
})();

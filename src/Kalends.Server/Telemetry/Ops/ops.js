"use strict";
// Asks for the figures every ten seconds and draws each as a plot of the last hour. The token, where one is needed, is a variable here and nothing else.
(() => {
  const hour = 3600, colours = 6, width = 320, height = 120, floor = 106, ceiling = 8;
  const of = id => document.getElementById(id);
  const svg = (name, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const html = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const short = value => value === null || value === undefined ? "–"
    : value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(value >= 1 ? 3 : 2)));
  const worded = (value, unit) => short(value) + (unit && value !== null ? " " + unit : "");
  // The pale one is for what stands behind another.
  const colourOf = (chart, index) => `s${chart.series[0].name === "p50" ? index : 1 + index % (colours - 1)}`;
  let token = "", timer = 0;

  // The worst of the last minute: what an alert would look at.
  const recent = chart => {
    const values = chart.series.flatMap(series => series.name === "p50" ? [] : series.values.slice(-6)).filter(value => value !== null);
    return values.length ? Math.max(...values) : null;
  };

  const niceTop = value => {
    const step = 10 ** Math.floor(Math.log10(value));
    return [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map(factor => factor * step).find(top => top >= value * 1.02) ?? value;
  };

  const draw = (chart, data) => {
    const now = data.moments.at(-1) ?? 0;
    const highest = Math.max(0, ...chart.series.flatMap(series => series.values.map(value => value ?? 0)));
    // A threshold far above would press the line to the ground: then the words beside it are enough.
    const showsMost = chart.most !== null && chart.most !== undefined && highest > chart.most * 0.4;
    const top = niceTop(Math.max(highest, showsMost ? chart.most : 0) || 1);
    const x = at => width - (now - at) / hour * width;
    const y = value => floor - value / top * (floor - ceiling);
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${chart.title}: ${worded(recent(chart), chart.unit)}` });
    for (const level of [0, 0.5, 1]) {
      picture.append(svg("line", { class: "axis", x1: 0, x2: width, y1: y(top * level), y2: y(top * level) }));
    }
    [["an hour ago", 0, "start"], ["half an hour", width / 2, "middle"], ["now", width, "end"]].forEach(([text, at, anchor]) =>
      picture.append(svg("text", { x: at, y: height - 3, "text-anchor": anchor }, text)));
    if (showsMost) picture.append(svg("line", { class: "most", x1: 0, x2: width, y1: y(chart.most), y2: y(chart.most) }));
    chart.series.forEach((series, index) => {
      let path = "", before = 0;
      series.values.forEach((value, place) => {
        if (value === null) return;
        const at = data.moments[place], place2 = `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
        path += before && at - before <= 120 ? `L${place2}` : `M${place2}l0.01 0`;
        before = at;
      });
      picture.append(svg("path", { class: `plot ${colourOf(chart, index)}`, d: path || "M0 0" }));
    });
    for (const level of [0.5, 1]) picture.append(svg("text", { x: 2, y: y(top * level) - 2 }, short(top * level)));
    return picture;
  };

  const legend = (chart, place) => {
    const line = html("p", "legend");
    chart.series.forEach((series, index) => {
      const entry = html("span");
      entry.append(html("i", `key ${colourOf(chart, index)}`), `${series.name ? series.name + " " : ""}${worded(series.values[place] ?? null, chart.unit)}`);
      line.append(entry);
    });
    return line;
  };

  const card = (chart, data) => {
    const worst = recent(chart), bounded = chart.most !== null && chart.most !== undefined;
    const kind = !bounded ? "plain" : worst >= chart.most * data.actShare ? "act" : worst >= chart.most * data.warnShare ? "warn" : "";
    const article = html("article", kind), head = html("div", "now");
    head.append(html("b", "", worded(worst, chart.unit)), html("span", "", bounded ? `of ${worded(chart.most, chart.unit)} at most` : ""));
    const picture = draw(chart, data), last = data.moments.length - 1;
    let line = legend(chart, last);
    article.append(html("h3", "", chart.title), head, picture, line);
    const show = place => {
      const next = legend(chart, place);
      if (place !== last) next.append(html("span", "", new Date(data.moments[place] * 1000).toLocaleTimeString()));
      line.replaceWith(next);
      line = next;
    };
    const rule = svg("line", { class: "at", y1: ceiling, y2: floor });
    picture.addEventListener("pointermove", event => {
      const box = picture.getBoundingClientRect();
      const wanted = data.moments[last] - (1 - (event.clientX - box.left) / box.width) * hour;
      const place = data.moments.reduce((best, at, index) => Math.abs(at - wanted) < Math.abs(data.moments[best] - wanted) ? index : best, last);
      const at = width - (data.moments[last] - data.moments[place]) / hour * width;
      rule.setAttribute("x1", at);
      rule.setAttribute("x2", at);
      picture.append(rule);
      show(place);
    });
    picture.addEventListener("pointerleave", () => { rule.remove(); show(last); });
    return article;
  };

  const fill = (id, charts, data) => of(id).replaceChildren(
    ...(charts.length ? charts.map(chart => card(chart, data)) : [html("p", "empty", "Nothing yet: figures come every ten seconds, as requests do.")]));

  const ask = async () => {
    const answer = await fetch("/ops/data", { headers: token ? { Authorization: `Bearer ${token}` } : {}, cache: "no-store" });
    if (answer.status === 401 || answer.status === 403) {
      of("charts").hidden = true;
      of("entry").hidden = false;
      of("state").textContent = "";
      of("refused").textContent = token ? (await answer.json()).detail : "";
      token = "";
      return false;
    }
    if (!answer.ok) throw new Error(`${answer.status}`);
    const data = await answer.json();
    fill("figures", data.figures, data);
    fill("messages", data.messages, data);
    of("entry").hidden = true;
    of("charts").hidden = false;
    of("state").textContent = `version ${data.version} · ${new Date().toLocaleTimeString()}`;
    return true;
  };

  const go = async () => {
    clearTimeout(timer);
    let goesOn = true;
    try {
      goesOn = document.hidden || await ask();
    } catch {
      of("state").textContent = "The process does not answer; trying again.";
    }
    if (goesOn) timer = setTimeout(go, 10000);
  };

  of("entry").addEventListener("submit", event => {
    event.preventDefault();
    token = of("token").value.trim();
    of("token").value = "";
    go();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && of("entry").hidden) go(); });
  go();
})();

/* Cards with one figure: what stands there, how it changed, and the line below it. */
(function (window) {
  "use strict";

  const dc = (window.dash_clientside = window.dash_clientside || {});

  /* Points of a line over its box of 100 × 100, the highest at the top; null where there is no line to draw. */
  function sparkPoints(numbers) {
    const [low, high] = [Math.min(0, ...numbers), Math.max(0, ...numbers)];
    if (numbers.length < 2 || high === low) return null;
    const round = (number) => Math.round(number * 100) / 100;
    return numbers
      .map((number, at) => `${round((100 * at) / (numbers.length - 1))},${round(100 - (100 * (number - low)) / (high - low))}`)
      .join(" ");
  }

  function drawSpark(id, numbers) {
    const box = window.document.getElementById(id);
    if (!box) return;
    const points = sparkPoints(numbers);
    if (!points) {
      box.replaceChildren();
      return;
    }
    let line = box.querySelector("polyline");
    if (!line) {
      const make = (tag) => window.document.createElementNS("http://www.w3.org/2000/svg", tag);
      const picture = make("svg");
      picture.setAttribute("viewBox", "0 0 100 100");
      picture.setAttribute("preserveAspectRatio", "none");
      picture.setAttribute("aria-hidden", "true");
      line = make("polyline");
      picture.append(line);
      box.replaceChildren(picture);
    }
    line.setAttribute("points", points);
  }

  /* In the order of layouts.figure_card.figure_outputs; `memory` is of figures that flash, `topic` what they are of. */
  function props(memory, name, topic, figure, live) {
    const flash = dc.render.flashOf(memory, name, topic, figure.text, Date.now());
    return [figure.text, figure.exact, figure.title, `figure${dc.render.toneOf(live)}${flash}`, figure.change, figure.change_title, "ready"];
  }

  Object.assign(dc, { figure_card: { sparkPoints, drawSpark, props } });
})(window);

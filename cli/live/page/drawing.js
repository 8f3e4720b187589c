// The skeleton over a picture: left orange, right blue, as in posegloss render.

const COLORS = { left: "rgb(230 159 0)", right: "rgb(86 180 233)", middle: "rgb(240 240 240)" };
const SHADOW = "rgb(20 20 20)", SHOWN = 0.5;

// Points are [x, y, visibility] as fractions of the picture, or null. layout: sides, bones, body.
export function drawSkeleton(canvas, points, layout, { box = [0, 0, 1, 1], weight = 1 } = {}) {
  const pen = canvas.getContext("2d"), { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  if (!points || !layout) return;
  const [left, top, wide, high] = box;
  const place = points.map(point => point && point[2] >= SHOWN
    ? [(point[0] - left) / wide * width, (point[1] - top) / high * height] : null);
  const thick = weight * Math.max(2, Math.min(width, height) / 180);
  const thickness = i => i < layout.body ? thick : Math.max(1, thick / 2);
  pen.lineCap = "round";
  for (const wider of [2, 0]) {
    for (const [a, b, side] of layout.bones) {
      if (!place[a] || !place[b]) continue;
      pen.strokeStyle = wider ? SHADOW : COLORS[side];
      pen.lineWidth = thickness(a) + wider;
      pen.beginPath();
      pen.moveTo(...place[a]);
      pen.lineTo(...place[b]);
      pen.stroke();
    }
  }
  place.forEach((at, i) => {
    if (!at) return;
    pen.fillStyle = COLORS[layout.sides[i]];
    pen.beginPath();
    pen.arc(...at, thickness(i), 0, 7);
    pen.fill();
  });
}

// A small picture of a take, cut to where the body is.
export function drawStill(canvas, points, layout, aspect) {
  const shown = (points ?? []).filter(point => point && point[2] >= SHOWN);
  if (!shown.length) return;
  const xs = shown.map(point => point[0] * aspect), ys = shown.map(point => point[1]);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const shape = canvas.width / canvas.height, high = 1.15 * Math.max(y1 - y0, (x1 - x0) / shape), wide = high * shape;
  const left = (x0 + x1 - wide) / 2, top = (y0 + y1 - high) / 2;
  drawSkeleton(canvas, points, layout, { box: [left / aspect, top, wide / aspect, high], weight: 0.9 });
}

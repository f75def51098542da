
// The histogram of the rows shown: its axis is labelled from seconds to years, a brush
// selects, the wheel zooms.
const chart = { from: 0, to: 1, full: [0, 1], drag: null, bins: null };

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];

function setupHistogram() {
	const c = $("histogram");
	onChange(() => { fitChart(); drawHistogram(); });
	new ResizeObserver(() => drawHistogram()).observe(c);
	c.addEventListener("pointerdown", (e) => {
		chart.drag = { x: e.offsetX, to: e.offsetX };
		c.setPointerCapture(e.pointerId);
	});
	c.addEventListener("pointermove", (e) => {
		if (chart.drag) { chart.drag.to = e.offsetX; drawHistogram(); } else hover(e.offsetX);
	});
	c.addEventListener("pointerup", () => {
		const d = chart.drag;
		chart.drag = null;
		if (d && Math.abs(d.x - d.to) > 4) setTimes(timeAt(Math.min(d.x, d.to)), timeAt(Math.max(d.x, d.to)));
		else drawHistogram();
	});
	c.addEventListener("dblclick", () => {
		[chart.from, chart.to] = chart.full;
		drawHistogram();
	});
	c.addEventListener("wheel", (e) => {
		e.preventDefault();
		zoom(e.deltaY > 0 ? 1.5 : 1 / 1.5, timeAt(e.offsetX));
	}, { passive: false });
	c.addEventListener("keydown", (e) => {
		const mid = (chart.from + chart.to) / 2, w = chart.to - chart.from;
		if (e.key === "+" || e.key === "ArrowUp") zoom(1 / 1.5, mid);
		else if (e.key === "-" || e.key === "ArrowDown") zoom(1.5, mid);
		else if (e.key === "ArrowLeft" || e.key === "ArrowRight") {
			const d = (e.key === "ArrowLeft" ? -1 : 1) * w / 5;
			chart.from += d;
			chart.to += d;
			drawHistogram();
		} else if (e.key === "Enter") setTimes(chart.from, chart.to);
		else return;
		e.preventDefault();
		e.stopPropagation();
	});
}

function zoom(by, at) {
	const w = Math.max(2, Math.min((chart.to - chart.from) * by, 2 * (chart.full[1] - chart.full[0])));
	const share = (at - chart.from) / (chart.to - chart.from);
	chart.from = at - share * w;
	chart.to = chart.from + w;
	drawHistogram();
}

// fitChart shows all rows, or all but single ones that lie years before.
function fitChart() {
	if (!state.count) return;
	let lo = Infinity, hi = -Infinity;
	for (let k = 0; k < state.count; k++) {
		const s = rows.sec[state.shown[k]];
		if (s < lo) lo = s;
		if (s > hi) hi = s;
	}
	chart.full = [lo - 1, hi + 2];
	let from = lo, to = hi;
	if (hi - lo > 3 * 365 * 86400 && state.count > 50) {
		const all = new Float64Array(state.count);
		for (let k = 0; k < state.count; k++) all[k] = rows.sec[state.shown[k]];
		all.sort();
		from = all[Math.floor(state.count * 0.02)];
		to = all[Math.min(state.count - 1, Math.ceil(state.count * 0.998))];
		if (hi - to < (to - from) / 2) to = hi;
	}
	const margin = Math.max(1, (to - from) * 0.01);
	chart.from = from - margin;
	chart.to = to + margin + 1;
}

const timeAt = (x) => chart.from + x / $("histogram").clientWidth * (chart.to - chart.from);
const xOf = (sec, width) => (sec - chart.from) / (chart.to - chart.from) * width;

// ticks returns the labels of an axis: [seconds, text], in the zone in force.
function axisTicks(from, to, width) {
	const zone = axisZone(), least = (to - from) / width * 95, out = [];
	const o = offset(zone, (from + to) / 2), step = STEPS.find((s) => s >= least);
	if (step) {
		for (let s = Math.ceil((from + o) / step) * step; s < to + o; s += step) {
			const [day, clock] = civil(s);
			out.push([s - o, step >= 86400 || s % 86400 === 0 ? day : step >= 60 ? clock.slice(0, 5) : clock]);
		}
		return out;
	}
	const months = least / (30.4 * 86400), list = [1, 2, 3, 6, 12, 24, 60, 120, 300, 600, 1200, 6000, 12000], every = list.find((m) => m >= months) ?? 60000;
	const begin = new Date((from - EPOCH) * 1000);
	let m = Math.ceil((begin.getUTCFullYear() * 12 + begin.getUTCMonth()) / every) * every;
	for (let k = 0; k < 60; k++, m += every) {
		const y = Math.floor(m / 12), s = Date.UTC(2000, m - 24000, 1) / 1000 + EPOCH;
		if (isNaN(s) || s > to) break;
		if (s >= from) out.push([s, every >= 12 ? pad(y, 4) : pad(y, 4) + "-" + pad(m % 12 + 1, 2)]);
	}
	return out;
}

function axisZone() {
	if (state.zoneName === "machine") return info.machines?.length === 1 ? machineZone(info.machines[0].name) : {};
	return state.zoneName ? { name: state.zoneName } : {};
}

// canvas prepares a drawing of the size that the element has.
function canvas(c, height) {
	const ratio = Math.min(3, devicePixelRatio || 1), width = c.clientWidth;
	if (height) c.style.height = height + "px";
	height = c.clientHeight;
	c.width = Math.round(width * ratio);
	c.height = Math.round(height * ratio);
	const g = c.getContext("2d");
	g.scale(ratio, ratio);
	g.font = "11px system-ui, sans-serif";
	return { g, width, height };
}

function drawHistogram() {
	const c = $("histogram");
	if (!c.clientWidth || !rows.n) return;
	const { g, width, height } = canvas(c), bottom = height - 16, bar = 4, n = Math.ceil(width / bar);
	const counts = new Uint32Array(n), top = new Uint8Array(n), levels = rows.cols.level, rank = levelRanks();
	let before = 0, after = 0, most = 0;
	const scale = n / (chart.to - chart.from) * (width / (n * bar));
	for (let k = 0; k < state.count; k++) {
		const i = state.shown[k], b = Math.floor((rows.sec[i] + rows.sub[i] / 1e7 - chart.from) * scale);
		if (b < 0) before++;
		else if (b >= n) after++;
		else {
			if (++counts[b] > most) most = counts[b];
			const l = rank[levels.refs[i]];
			if (l > top[b]) top[b] = l;
		}
	}
	chart.bins = { counts, bar };
	drawGaps(g, counts, bar, bottom);
	drawTicks(g, axisTicks(chart.from, chart.to, width), width, bottom, height);
	const colors = LEVELS.map((_, i) => levelColor(i)), tall = Math.log1p(most);
	for (let b = 0; b < n; b++) {
		if (!counts[b]) continue;
		const h = Math.max(3, Math.log1p(counts[b]) / tall * (bottom - 14));
		g.fillStyle = colors[top[b]];
		g.fillRect(b * bar, bottom - h, bar - 1, h);
	}
	drawFlags(g, width, bottom);
	if (chart.drag) {
		g.fillStyle = css("--brush");
		g.fillRect(Math.min(chart.drag.x, chart.drag.to), 0, Math.abs(chart.drag.x - chart.drag.to), bottom);
	}
	const notes = [];
	if (before) notes.push(t("before", number(before)));
	if (after) notes.push(t("after", number(after)));
	$("chartnote").textContent = notes.concat(t("chartHelp")).join(" · ");
	c.setAttribute("aria-label", civil(chart.from)[0] + " – " + civil(chart.to)[0] + ", " + t("rows", number(state.count), number(rows.n)));
}

function levelRanks() {
	const { table } = rows.cols.level, rank = new Uint8Array(table.length);
	for (let id = 0; id < table.length; id++) rank[id] = Math.max(0, LEVELS.indexOf(table.get(id)));
	return rank;
}

// drawGaps hatches where there are no rows for long.
function drawGaps(g, counts, bar, bottom) {
	g.strokeStyle = css("--hatch");
	g.lineWidth = 1;
	for (let b = 0; b < counts.length;) {
		let e = b;
		while (e < counts.length && !counts[e]) e++;
		if (e - b >= 10 && b > 0 && e < counts.length) {
			g.save();
			g.beginPath();
			g.rect(b * bar + 2, bottom - 26, (e - b) * bar - 4, 26);
			g.clip();
			g.beginPath();
			for (let x = b * bar - 26; x < e * bar; x += 7) { g.moveTo(x, bottom); g.lineTo(x + 26, bottom - 26); }
			g.stroke();
			g.restore();
		}
		b = Math.max(e, b + 1);
	}
}

function drawTicks(g, ticks, width, bottom, height) {
	g.strokeStyle = css("--line");
	g.fillStyle = css("--dim");
	g.textAlign = "center";
	for (const [s, text] of ticks) {
		const x = Math.round(xOf(s, width)) + 0.5;
		g.beginPath();
		g.moveTo(x, 0);
		g.lineTo(x, bottom + 3);
		g.stroke();
		if (x > 30 && x < width - 30) g.fillText(text, x, height - 4);
	}
	g.beginPath();
	g.moveTo(0, bottom + 0.5);
	g.lineTo(width, bottom + 0.5);
	g.stroke();
}

// flags are boots, shutdowns and the last row: found once.
const BOOTS = new Set(["os-started"]), STOPS = new Set(["os-stopped", "shutdown-unexpected"]);

function findFlags() {
	chart.flags = [];
	const x = rows.extraByName.get("event"), parser = rows.cols.parser;
	if (x) {
		const kinds = new Map();
		for (let id = 1; id < x.table.length; id++) {
			const s = x.table.get(id);
			if (BOOTS.has(s)) kinds.set(id, "boot");
			if (STOPS.has(s)) kinds.set(id, "shutdown");
		}
		for (let k = 0; kinds.size && k < x.rows.length; k++) {
			const kind = kinds.get(x.refs[k]);
			if (kind) chart.flags.push([rows.sec[x.rows[k]], kind]);
		}
	}
	for (let id = 1; id < parser.table.length; id++) {
		if (parser.table.get(id) !== "shutdown") continue;
		for (let i = 0; i < rows.n; i++) if (parser.refs[i] === id) chart.flags.push([rows.sec[i], "shutdown"]);
	}
	if (rows.n) chart.flags.push([rows.sec[rows.n - 1], "acquired"]);
}

function drawFlags(g, width, bottom) {
	const at = new Set();
	g.textAlign = "left";
	for (const [s, kind] of chart.flags ?? []) {
		const x = Math.round(xOf(s, width));
		if (x < 0 || x > width || at.has(kind + (x >> 1))) continue;
		at.add(kind + (x >> 1));
		g.fillStyle = css(kind === "boot" ? "--boot" : kind === "shutdown" ? "--stop" : "--dim");
		g.beginPath();
		if (kind === "boot") { g.moveTo(x - 4, 9); g.lineTo(x + 4, 9); g.lineTo(x, 2); } else if (kind === "shutdown") {
			g.moveTo(x - 4, 2);
			g.lineTo(x + 4, 2);
			g.lineTo(x, 9);
		} else g.rect(x - 1, 2, 2, 8);
		g.fill();
		g.fillRect(x - 0.5, 9, 1, bottom - 9);
	}
}

function hover(x) {
	if (!chart.bins) return;
	const s = timeAt(x), o = offset(axisZone(), s), [day, clock] = civil(s + o);
	const near = (chart.flags ?? []).filter(([f]) => Math.abs(xOf(f, $("histogram").clientWidth) - x) < 4).map(([, k]) => t(k));
	$("histogram").title = day + " " + clock + " · " + (chart.bins.counts[Math.floor(x / chart.bins.bar)] ?? 0) + " " + t("count") +
		(near.length ? " · " + [...new Set(near)].join(", ") : "");
}


// Lanes: one for each program of the rows shown, with a dot for each row; sessions of
// log-ons are bars above them. A start that is proved is a filled dot, one that a program
// recorded a half, one that is inferred a ring; other rows are small, and those with a
// local time of an unknown zone are squares. A click on a dot shows its row, one on the
// rest of a lane the biography of its program.
const LANE = 18, MAX_LANES = 400, LABEL = () => Math.min(360, Math.round($("lanes").clientWidth * 0.35));
const lanes = { list: [], bars: [] };

function setupLanes() {
	onChange(() => { if (state.view === "lanes") drawLanes(); });
	$("lanes").addEventListener("click", (e) => {
		const hit = laneHit(e.offsetX, e.offsetY);
		if (hit >= 0) return goTo(hit);
		const bio = bioOfLane(laneAt(e.offsetY));
		if (bio) showBiography(bio);
	});
	$("lanes").addEventListener("pointermove", (e) => {
		const i = laneHit(e.offsetX, e.offsetY);
		$("lanes").title = i < 0 ? laneAt(e.offsetY) ? visible(short(laneAt(e.offsetY).path, 300)) : "" : datetime(i) + " " + visible(short(cell("message", i), 300));
	});
	new ResizeObserver(() => { if (state.view === "lanes") drawLanes(); }).observe($("lanescroll"));
}

// collectLanes orders programs by their highest finding, then by their first time.
function collectLanes() {
	const { table, refs } = rows.cols.path, rank = levelRanks(), level = rows.cols.level, by = new Map();
	const types = rows.cols.data_type; // that a volume was made is nothing that the program did
	let made = -1;
	for (let id = 1; id < types.table.length; id++) if (types.table.get(id) === "windows:volume:creation") made = id;
	const hosts = rows.cols.hostname, several = hosts.table.length > 2, n = table.length;
	for (let k = 0; k < state.count; k++) {
		const i = state.shown[k];
		if (!refs[i] || types.refs[i] === made) continue;
		const key = several ? refs[i] + n * hosts.refs[i] : refs[i];
		let lane = by.get(key);
		if (!lane) by.set(key, lane = { path: "", file: "", host: "", key, level: 0, first: rows.sec[i], rows: [], dots: {} });
		lane.level = Math.max(lane.level, rank[level.refs[i]]);
		if (lane.rows.length < 20000) lane.rows.push(i);
	}
	const list = [...by.values()].sort((a, b) => b.level - a.level || a.first - b.first);
	lanes.total = list.length;
	lanes.list = list.slice(0, MAX_LANES);
	for (const lane of lanes.list) {
		lane.file = table.get(several ? lane.key % n : lane.key);
		lane.host = several ? hosts.table.get(Math.floor(lane.key / n)) : "";
		lane.path = (several ? lane.host + " " : "") + lane.file;
	}
}

// bioOfLane returns the biography of the program of a lane: by its path, else of the
// program that one of its first rows is about.
function bioOfLane(lane) {
	if (!lane) return null;
	const byPath = bioOfPath(lane.host, lane.file);
	if (byPath) return byPath;
	for (const i of lane.rows.slice(0, 50)) {
		const b = bioOfRow(i);
		if (b) return b;
	}
	return null;
}

function drawLanes() {
	collectLanes();
	const bars = lanes.bars = (info.sessions ?? []).map((s) => ({ s, from: secondsOf(s.Begin), to: secondsOf(s.End) })).filter((b) => b.from !== null).slice(0, 40);
	const c = $("lanes"), barsHeight = bars.length * 11, topY = 18 + barsHeight;
	const { g, width, height } = canvas(c, topY + lanes.list.length * LANE + 8), left = LABEL(), w = width - left - 6;
	const x = (sec) => left + (sec - chart.from) / (chart.to - chart.from) * w;
	g.textAlign = "center";
	for (const [s, text] of axisTicks(chart.from, chart.to, w)) {
		g.strokeStyle = css("--line");
		g.beginPath();
		g.moveTo(Math.round(x(s)) + 0.5, 14);
		g.lineTo(Math.round(x(s)) + 0.5, height);
		g.stroke();
		g.fillStyle = css("--dim");
		if (x(s) > left + 25 && x(s) < width - 30) g.fillText(text, x(s), 11);
	}
	g.textAlign = "left";
	bars.forEach((b, k) => {
		const a = Math.max(left, x(b.from)), e = Math.min(width - 6, b.to === null ? width - 6 : x(b.to));
		g.fillStyle = css("--session");
		if (e > a) g.fillRect(a, 17 + k * 11, Math.max(2, e - a), 7);
		g.fillStyle = css("--dim");
		g.font = "9px system-ui, sans-serif";
		g.fillText(visible(short(b.s.Account ?? "", 50)), 4, 23 + k * 11);
	});
	g.font = "11px system-ui, sans-serif";
	lanes.list.forEach((lane, k) => drawLane(g, lane, topY + k * LANE, left, width, x));
	lanes.geometry = { topY, left, x };
	$("lanenote").textContent = !lanes.total ? t("laneNone") : t("laneHelp", number(lanes.total)) + (lanes.total > MAX_LANES ? " " + t("laneCut", MAX_LANES, number(lanes.total)) : "");
	c.setAttribute("aria-label", $("lanenote").textContent + " " + lanes.list.slice(0, 20).map((l) => visible(short(l.path, 80))).join("; "));
}

function drawLane(g, lane, y, left, width, x) {
	g.strokeStyle = css("--line");
	g.beginPath();
	g.moveTo(left, y + LANE / 2 + 0.5);
	g.lineTo(width - 6, y + LANE / 2 + 0.5);
	g.stroke();
	g.fillStyle = lane.level > 2 ? levelColor(lane.level) : css("--text");
	const label = visible(lane.path), room = Math.floor(left / 6.2);
	g.fillText(label.length > room ? "…" + label.slice(1 - room) : label, 4, y + 13, left - 8);
	const color = LEVELS.map((_, i) => levelColor(i)), rank = levelRanks(), level = rows.cols.level;
	let last = -9;
	for (const i of lane.rows) {
		const at = x(rows.sec[i] + rows.sub[i] / 1e7), l = rank[level.refs[i]];
		if (at < left || at > width - 6 || at - last < 0.4 && l < 3) continue;
		last = at;
		g.fillStyle = g.strokeStyle = color[l];
		const kind = drawDot(g, i, at, y + LANE / 2, l > 2 ? 4.5 : 3.5);
		lane.dots[kind] = (lane.dots[kind] ?? 0) + 1;
	}
}

function drawDot(g, i, x, y, r) {
	if (isLocal(i)) {
		g.strokeRect(x - 2.5, y - 2.5, 5, 5);
		return "local";
	}
	const certainty = startOf(i)?.certainty;
	if (!CERTAINTY.includes(certainty)) {
		g.beginPath();
		g.arc(x, y, 2, 0, 7);
		g.fill();
		return "row";
	}
	g.beginPath();
	g.arc(x, y, r, 0, 7);
	if (certainty === "proved") g.fill();
	else {
		g.save(); // the line of the lane must not fill a ring
		g.fillStyle = css("--bg");
		g.fill();
		g.restore();
		g.lineWidth = 1.5;
		g.stroke();
		g.lineWidth = 1;
	}
	if (certainty === "recorded") {
		g.beginPath();
		g.arc(x, y, r, Math.PI / 2, Math.PI * 1.5);
		g.fill();
	}
	return certainty;
}

const laneAt = (py) => lanes.geometry ? lanes.list[Math.floor((py - lanes.geometry.topY) / LANE)] : undefined;

function laneHit(px, py) {
	const { x } = lanes.geometry ?? {};
	const lane = laneAt(py);
	if (!lane || px < lanes.geometry.left - 6) return -1;
	let best = -1, distance = 8;
	for (const i of lane.rows) {
		const d = Math.abs(x(rows.sec[i] + rows.sub[i] / 1e7) - px);
		if (d < distance) { distance = d; best = i; }
	}
	return best;
}

// secondsOf reads a time of the log-on tables: UTC, with a space in the middle.
function secondsOf(s) {
	const p = s ? parseTime(s.replace(" ", "T")) : null;
	return p ? Number(p.from / SECOND) : null;
}


// The grid: only the rows in sight are elements.
let rowHeight = 24;
const drawn = new Map(); // position → element

function gridColumns() {
	const cols = ["mark", "time", "level"];
	if (rows.cols.hostname.table.length > 2) cols.push("host");
	return [...cols, "proves", "artifact", "subject", "message"];
}

function setupGrid() {
	const grid = $("grid");
	grid.addEventListener("scroll", () => requestAnimationFrame(() => draw()));
	grid.addEventListener("click", (e) => {
		const row = e.target.closest("[role=row]");
		if (!row) return;
		moveTo(+row.getAttribute("aria-rowindex") - 1);
		showDetails(current());
	});
	new ResizeObserver(() => draw(true)).observe(grid);
	onChange(() => {
		measure();
		keepInSight();
		draw(true);
	});
	head();
}

function head() {
	const cols = gridColumns();
	$("views").style.setProperty("--cols", cols.includes("host") ? "var(--with-host)" : "var(--without-host)");
	$("head").replaceChildren(...cols.map((c) => el("span", { class: "c-" + c, text: c === "mark" ? "" : t(c) })));
}

// measure sets the height of all rows together. Browsers have a limit for it.
const MAX_HEIGHT = 16_000_000;
let squeeze = 1;

function measure() {
	rowHeight = matchMedia("(max-width: 640px)").matches ? 46 : 24;
	const height = state.count * rowHeight;
	squeeze = Math.max(1, height / MAX_HEIGHT);
	$("space").style.height = Math.min(height, MAX_HEIGHT) + "px";
}

function draw(again) {
	const grid = $("grid"), space = $("space");
	if (again) {
		for (const e of drawn.values()) e.remove();
		drawn.clear();
	}
	if (grid.clientHeight === 0) return;
	const top = grid.scrollTop, first = Math.max(0, Math.floor(top * squeeze / rowHeight) - 8);
	const last = Math.min(state.count, first + Math.min(400, Math.ceil(grid.clientHeight / rowHeight) + 16));
	for (const [at, e] of drawn) {
		if (at < first || at >= last) { e.remove(); drawn.delete(at); }
	}
	for (let at = first; at < last; at++) {
		let e = drawn.get(at);
		if (!e) {
			e = rowElement(at);
			drawn.set(at, e);
			space.append(e);
		}
		e.style.top = at * rowHeight - top * squeeze + top + "px";
		e.setAttribute("aria-selected", at === state.cursor);
	}
	const here = drawn.get(state.cursor);
	if (here) {
		here.id = "cursor";
		grid.setAttribute("aria-activedescendant", "cursor");
	} else grid.removeAttribute("aria-activedescendant");
}

const CUT = 400; // characters of a cell

function rowElement(at) {
	const i = state.shown[at], level = cell("level", i), mark = marks.get(idOf(i));
	const r = el("div", { role: "row", class: "row", "aria-rowindex": at + 1, "data-id": idOf(i), "data-level": level || undefined });
	if (mark) r.dataset.mark = mark.mark || "note";
	const add = (name, text) => r.append(el("span", { role: "gridcell", class: "c-" + name, text: short(text, CUT) }));
	for (const c of gridColumns()) {
		switch (c) {
		case "mark": add(c, markSign(mark)); break;
		case "time": r.append(timeElement(i)); break;
		case "level": add(c, level); break;
		case "host": add(c, cell("hostname", i)); break;
		case "proves": add(c, cell("confidence", i)); break;
		case "artifact": add(c, cell("parser", i)); break;
		case "subject": add(c, subject(i)); break;
		case "message": add(c, cell("message", i));
		}
	}
	return r;
}

// timeText is the time of a row in the zone in force. A local time whose zone is unknown
// stays as it was recorded.
function timeText(i) {
	let sec = rows.sec[i], zone = "";
	if (!isLocal(i)) {
		const o = offset(zoneOf(i), sec);
		sec += o;
		zone = state.zoneName ? offsetText(o) : "";
	}
	const [day, clock] = civil(sec);
	return { day, clock, part: pad(rows.sub[i], 7).slice(0, 3), zone };
}

function timeElement(i) {
	const x = timeText(i), kind = cell("time_kind", i);
	return el("span", { role: "gridcell", class: "c-time" + (isLocal(i) ? " hollow" : ""),
		title: isLocal(i) ? t("unknownZone") : kind ? t("converted", kind) : undefined,
		text: x.day + " " + x.clock + "." + x.part + (isLocal(i) ? " ?" : kind ? " ≈" : "") });
}

// zoneOf is the zone in which the time of a row is shown.
function zoneOf(i) {
	if (state.zoneName === "machine") return machineZone(cell("hostname", i));
	return state.zoneName ? { name: state.zoneName } : {};
}

function machineZone(host) {
	const list = info.machines ?? [], m = list.find((x) => x.name === host) ?? (list.length === 1 ? list[0] : null);
	if (!m || !m.timezone) return {};
	return m.zone ? { name: m.zone } : { bias: m.bias };
}

function setZone(name) {
	if (name && name !== "machine") {
		try {
			new Intl.DateTimeFormat("en", { timeZone: name });
		} catch {
			name = "";
		}
	}
	state.zoneName = name;
	$("zone").value = name;
	changed();
}

function moveTo(at) {
	if (!state.count) return;
	state.cursor = Math.max(0, Math.min(state.count - 1, at));
	keepInSight();
	draw(true);
	if (!$("details").hidden) showDetails(current());
}

function keepInSight() {
	const grid = $("grid"), at = state.cursor * rowHeight / squeeze;
	if (at < grid.scrollTop + rowHeight) grid.scrollTop = Math.max(0, at - 2 * rowHeight);
	else if (at + 2 * rowHeight > grid.scrollTop + grid.clientHeight) grid.scrollTop = at + 3 * rowHeight - grid.clientHeight;
}

// goTo shows a row, whatever the search line says.
function goTo(i) {
	let at = indexOfRow(i);
	if (at < 0) {
		search("around:" + idOf(i) + "±5m");
		at = indexOfRow(i);
	}
	show("rows");
	moveTo(at);
	showDetails(i);
}

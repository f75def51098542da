
// Sessions, and the graph of log-ons: accounts and machines.
function sessionOf(i) {
	const host = fold(cell("hostname", i)), who = fold(cell("username", i)), sid = cell("user_sid", i);
	if (!who && !sid) return null;
	return (info.sessions ?? []).find((s) => {
		const from = secondsOf(s.Begin), to = secondsOf(s.End), name = fold((s.Account ?? "").split("\\").pop());
		return fold(s.Host ?? "") === host && (sid !== "" && s.AccountSID === sid || name === who) && from !== null && rows.sec[i] >= from && (to === null || rows.sec[i] <= to);
	}) ?? null;
}

const stampOf = (s) => s.replace(" ", "T");

function sessionQuery(s) {
	const terms = ["host:" + quote(s.Host ?? ""), "user:" + quote(s.AccountSID || (s.Account ?? "").split("\\").pop()), "after:" + stampOf(s.Begin)];
	const end = s.End ? parseTime(stampOf(s.End)) : null;
	if (end) { // the end belongs to the session
		const [sec] = split(end.from), [day, clock] = civil(sec + 1);
		terms.push("before:" + day + "T" + clock);
	}
	return terms.join(" ");
}

// ruleLevels returns the highest level that findings give to each rule.
function ruleLevels() {
	const levels = new Map();
	for (const f of info.findings ?? []) for (const r of f.reasons ?? []) levels.set(r.rule_id, Math.max(levels.get(r.rule_id) ?? 0, LEVELS.indexOf(r.level)));
	return levels;
}

// levelOf is the highest level of the rules that a row of a log-on table names.
const levelOf = (x, levels) => Math.max(0, ...(x.Findings ?? "").split(/[;,]\s*/).map((id) => levels.get(id) ?? 0));

// table makes a table whose rows open something. Columns that begin with "-" are left
// out on a narrow page.
function table(columns, list, cells, open) {
	const body = el("tbody"), wide = columns.map((c) => c.startsWith("-") ? "wide" : undefined);
	for (const x of list) {
		const go = () => { search(open(x)); show("rows"); };
		const r = el("tr", { tabindex: 0, onclick: go, onkeydown: (e) => { if (e.key === "Enter") go(); } });
		cells(x).forEach((v, k) => r.append(el("td", { class: wide[k], text: short(String(v ?? ""), 200) })));
		body.append(r);
	}
	return el("table", { class: "list" }, el("thead", {}, el("tr", {}, ...columns.map((c, k) => el("th", { class: wide[k], text: t(c.replace("-", "")) })))), body);
}

const lasted = (s) => !s.Duration || !s.End ? "" : +s.Duration < 120 ? number(+s.Duration) + " s" : +s.Duration < 7200 ? number(Math.round(s.Duration / 60)) + " min" : number(Math.round(s.Duration / 360) / 10) + " h";

function drawSessions() {
	const list = info.sessions ?? [], box = $("view-sessions");
	if (!list.length) return box.replaceChildren(el("p", { text: t("sessionNone") }));
	const one = (info.machines ?? []).length < 2;
	box.replaceChildren(...spans(list), table(["begin", "-end", one ? "-host" : "host", "user", "-kind", "from", "-ended", "duration", "-findings"], list.slice(0, 2000),
		(s) => [(s.Begin ?? "").slice(0, 19), (s.End ?? "").slice(0, 19), s.Host, s.Account, s.Type, s.SourceNames || s.Source, s.EndKind, lasted(s), s.Findings], sessionQuery));
}

const MAX_SPANS = 60; // lanes of accounts

// spans draws a lane for each account on each machine, worst first, with a bar for each
// of its sessions. A session without an end is open at the right.
function spans(list) {
	const levels = ruleLevels(), by = new Map(), end = rows.n ? rows.sec[rows.n - 1] : 0;
	for (const s of list) {
		const from = secondsOf(s.Begin), to = secondsOf(s.End);
		if (from === null) continue;
		const host = s.Host ?? "", who = s.Account ?? "", key = JSON.stringify([host, who]);
		if (!by.has(key)) by.set(key, { host, who, level: 0, first: from, bars: [] });
		const lane = by.get(key), level = levelOf(s, levels);
		lane.level = Math.max(lane.level, level);
		lane.first = Math.min(lane.first, from);
		lane.bars.push({ s, from, to, level });
	}
	if (!by.size) return [];
	const all = [...by.values()].sort((a, b) => b.level - a.level || a.first - b.first), shown = all.slice(0, MAX_SPANS);
	const bars = shown.flatMap((l) => l.bars);
	let from = bars.reduce((m, b) => Math.min(m, b.from), Infinity), to = bars.reduce((m, b) => Math.max(m, b.to ?? Math.max(end, b.from + 60)), from + 60);
	const margin = (to - from) * 0.01;
	from -= margin;
	to += margin;
	const width = Math.max(300, $("view-sessions").clientWidth - 16), left = Math.min(300, Math.round(width * 0.34)), step = 20, height = 24 + shown.length * step;
	const x = (sec) => left + (sec - from) / (to - from) * (width - left - 8), several = (info.machines ?? []).length > 1;
	const pic = svg("svg", { viewBox: "0 0 " + width + " " + height, width, height, role: "img", "aria-label": t("sessions") });
	for (const [sec, text] of axisTicks(from, to, width - left)) {
		pic.append(svg("line", { x1: x(sec), x2: x(sec), y1: 16, y2: height, class: "tick" }));
		if (x(sec) > left + 20 && x(sec) < width - 36) pic.append(svg("text", { x: x(sec), y: 11, "text-anchor": "middle", class: "title" }, text));
	}
	shown.forEach((lane, k) => {
		const y = 22 + k * step, name = (several ? lane.host + " " : "") + lane.who, room = Math.floor(left / 6.8);
		const label = svg("text", { x: 4, y: y + 11, class: "level-" + lane.level }, name.length > room ? "…" + name.slice(1 - room) : name);
		label.append(svg("title", {}, lane.host + " " + lane.who));
		pic.append(label, svg("line", { x1: left, x2: width - 8, y1: y + 7, y2: y + 7, class: "tick" }));
		for (const b of lane.bars) {
			const e = b.to ?? Math.max(end, b.from + 60), bar = svg("rect", { x: x(b.from), y, width: Math.max(3, x(e) - x(b.from)), height: 13, rx: 2,
				class: "span level-" + b.level + (b.to === null ? " open" : ""), onclick: () => { search(sessionQuery(b.s)); show("rows"); } });
			bar.append(svg("title", {}, [lane.who, (b.s.Begin ?? "").slice(0, 19) + " – " + (b.s.End ? b.s.End.slice(0, 19) : "…"), b.s.SourceNames || b.s.Source, b.s.Type, b.s.EndKind, b.s.Findings].filter(Boolean).join(" · ")));
			pic.append(bar);
		}
	});
	return [el("p", { text: t("spanHelp") + (all.length > shown.length ? " " + t("spanCut", shown.length, number(all.length)) : "") }), pic];
}

// drawGraph puts accounts at the left and machines at the right; a source machine points
// to an account by a thin line.
function drawGraph() {
	const edges = info.logons ?? [], box = $("view-graph");
	if (!edges.length) return box.replaceChildren(el("p", { text: t("graphNone") }));
	const accounts = new Map(), machines = new Map(), sources = new Map();
	const node = (map, name) => { if (!map.has(name)) map.set(name, { name, weight: 0, level: 0 }); return map.get(name); };
	const levels = ruleLevels();
	const list = edges.map((e) => {
		const n = (+e.Success || 0) + (+e.Failure || 0), level = levelOf(e, levels);
		const x = { e, n, level, account: node(accounts, e.Account ?? "?"), target: node(machines, e.Target ?? "?"), source: e.Source && e.Source !== e.Target ? node(sources, e.SourceNames || e.Source) : null };
		for (const k of [x.account, x.target, x.source]) if (k) { k.weight += n; k.level = Math.max(k.level, level); }
		return x;
	}).sort((a, b) => b.level - a.level || b.n - a.n).slice(0, 500);
	const most = Math.max(...list.map((x) => x.n), 1), width = 900, step = 30;
	const place = (map, x) => [...map.values()].filter((k) => list.some((l) => l.account === k || l.target === k || l.source === k))
		.sort((a, b) => b.level - a.level || b.weight - a.weight).forEach((k, i) => { k.x = x; k.y = 40 + i * step; });
	place(sources, 170);
	place(accounts, 450);
	place(machines, 730);
	const height = 60 + step * Math.max(accounts.size, machines.size, sources.size);
	const pic = svg("svg", { viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": t("graphHelp") });
	for (const [x, name] of [[170, t("from")], [450, t("user")], [730, t("host")]]) pic.append(svg("text", { x, y: 18, "text-anchor": "middle", class: "title" }, name));
	for (const x of list) {
		const open = () => { search(edgeQuery(x.e)); show("rows"); };
		const line = (a, b, w) => {
			const p = svg("path", { d: `M${a.x + 6},${a.y} C${(a.x + b.x) / 2},${a.y} ${(a.x + b.x) / 2},${b.y} ${b.x - 6},${b.y}`, class: "edge level-" + x.level + (+x.e.Failure && !+x.e.Success ? " failed" : ""), "stroke-width": w, onclick: open });
			p.append(svg("title", {}, [x.e.Account, x.e.Kind, x.e.LogonType, t("success") + " " + (x.e.Success ?? 0), t("failure") + " " + (x.e.Failure ?? 0), x.e.FirstSeen, x.e.LastSeen].filter(Boolean).join(" · ")));
			pic.append(p);
		};
		line(x.account, x.target, 1.5 + 6 * Math.log1p(x.n) / Math.log1p(most));
		if (x.source) line(x.source, x.account, 1.5);
	}
	for (const [map, anchor, dx] of [[sources, "end", -10], [accounts, "middle", 0], [machines, "start", 10]]) {
		for (const k of map.values()) {
			if (k.x === undefined) continue;
			pic.append(svg("circle", { cx: k.x, cy: k.y, r: 6, class: "node level-" + k.level }), svg("text", { x: k.x + dx, y: anchor === "middle" ? k.y - 9 : k.y + 4, "text-anchor": anchor }, short(k.name, 40)));
		}
	}
	box.replaceChildren(el("p", { text: t("graphHelp") }), pic, edgeTable(list));
}

function edgeQuery(e) {
	const name = (e.Account ?? "").split("\\").pop(), terms = ["host:" + quote(e.Target ?? "")];
	if (name && name !== "(unknown)") terms.push(quote(name).startsWith('"') ? quote(name) : '"' + name + '"');
	if (e.Source && e.Source !== e.Target) terms.push('"' + (e.Source ?? "").replaceAll('"', '""') + '"');
	if (e.FirstSeen) terms.push("after:" + stampOf(e.FirstSeen).slice(0, 19));
	const last = e.LastSeen ? secondsOf(e.LastSeen) : null;
	if (last !== null) { const [d, c] = civil(last + 1); terms.push("before:" + d + "T" + c); }
	return terms.join(" ");
}

function edgeTable(list) {
	return table(["from", "user", "host", "-kind", "success", "failure", "-firstSeen", "-lastSeen", "-findings"], list.map((x) => x.e),
		(e) => [e.SourceNames || e.Source, e.Account, e.Target, [e.Kind, e.LogonType].filter(Boolean).join(" "), e.Success, e.Failure, (e.FirstSeen ?? "").slice(0, 19), (e.LastSeen ?? "").slice(0, 19), e.Findings], edgeQuery);
}

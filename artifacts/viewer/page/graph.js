
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

function drawSessions() {
	const list = info.sessions ?? [], box = $("view-sessions");
	if (!list.length) return box.replaceChildren(el("p", { text: t("sessionNone") }));
	const body = el("tbody");
	for (const s of list.slice(0, 2000)) {
		const open = () => { search(sessionQuery(s)); show("rows"); };
		const r = el("tr", { tabindex: 0, onclick: open, onkeydown: (e) => { if (e.key === "Enter") open(); } });
		for (const v of [(s.Begin ?? "").slice(0, 19), (s.End ?? "").slice(0, 19), s.Host, s.Account, s.Type, s.SourceNames ?? s.Source, s.EndKind, s.Duration ? number(+s.Duration) + " s" : "", s.Findings]) {
			r.append(el("td", { text: short(v ?? "", 200) }));
		}
		body.append(r);
	}
	const names = [t("begin"), t("end"), t("host"), t("user"), t("kind"), t("from"), t("end"), t("duration"), t("findings")];
	box.replaceChildren(el("table", { class: "list" }, el("thead", {}, el("tr", {}, ...names.map((n) => el("th", { text: n })))), body));
}

// drawGraph puts accounts at the left and machines at the right; a source machine points
// to an account by a thin line.
function drawGraph() {
	const edges = info.logons ?? [], box = $("view-graph");
	if (!edges.length) return box.replaceChildren(el("p", { text: t("graphNone") }));
	const accounts = new Map(), machines = new Map(), sources = new Map();
	const node = (map, name) => { if (!map.has(name)) map.set(name, { name, weight: 0, level: 0 }); return map.get(name); };
	const levels = new Map();
	for (const f of info.findings ?? []) for (const r of f.reasons ?? []) levels.set(r.rule_id, Math.max(levels.get(r.rule_id) ?? 0, LEVELS.indexOf(r.level)));
	const list = edges.map((e) => {
		const n = (+e.Success || 0) + (+e.Failure || 0), level = Math.max(0, ...(e.Findings ?? "").split(/[;,]\s*/).map((id) => levels.get(id) ?? 0));
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
	const body = el("tbody");
	for (const x of list) {
		const open = () => { search(edgeQuery(x.e)); show("rows"); };
		const r = el("tr", { tabindex: 0, onclick: open, onkeydown: (e) => { if (e.key === "Enter") open(); } });
		for (const v of [x.e.SourceNames || x.e.Source, x.e.Account, x.e.Target, [x.e.Kind, x.e.LogonType].filter(Boolean).join(" "), x.e.Success, x.e.Failure, (x.e.FirstSeen ?? "").slice(0, 19), (x.e.LastSeen ?? "").slice(0, 19), x.e.Findings]) {
			r.append(el("td", { text: short(v ?? "", 200) }));
		}
		body.append(r);
	}
	const names = [t("from"), t("user"), t("host"), t("kind"), t("success"), t("failure"), t("firstSeen"), t("lastSeen"), t("findings")];
	return el("table", { class: "list" }, el("thead", {}, el("tr", {}, ...names.map((n) => el("th", { text: n })))), body);
}

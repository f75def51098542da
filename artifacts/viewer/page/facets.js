
// Facets: what the rows shown have in common, with counts. A click adds or removes the
// term of the search line.
const FACETS = [["level", "level"], ["artifact", "parser"], ["host", "hostname"], ["user", "username"], ["proves", "confidence"]];
const opened = new Set();

function setupFacets() { onChange(drawFacets); }

function drawFacets() {
	const box = $("facets");
	if (!box.offsetParent) return;
	const parts = [];
	for (const [field, name] of FACETS) {
		if (field === "host" && rows.cols.hostname.table.length <= 2) continue;
		const { table, refs } = rows.cols[name], counts = new Uint32Array(table.length);
		for (let k = 0; k < state.count; k++) counts[refs[state.shown[k]]]++;
		const by = new Map();
		for (let id = 0; id < counts.length; id++) {
			if (!counts[id]) continue;
			const s = table.get(id);
			by.set(s, (by.get(s) ?? 0) + counts[id]);
		}
		parts.push(facet(field, by));
	}
	parts.push(facet("folder", folderCounts()));
	box.replaceChildren(...parts);
}

// folders of paths: number of the folder for each text of the column, made once.
let folders = null;

function folderCounts() {
	const { table, refs } = rows.cols.path;
	if (!folders) {
		folders = { of: new Int32Array(table.length).fill(-1), names: [] };
		const known = new Map();
		for (let id = 1; id < table.length; id++) {
			const s = table.get(id), cut = s.lastIndexOf("\\");
			if (cut < 0) continue;
			const dir = s.slice(0, cut + 1);
			if (!known.has(dir)) { known.set(dir, folders.names.length); folders.names.push(dir); }
			folders.of[id] = known.get(dir);
		}
	}
	const counts = new Uint32Array(folders.names.length), by = new Map();
	for (let k = 0; k < state.count; k++) {
		const f = folders.of[refs[state.shown[k]]];
		if (f >= 0) counts[f]++;
	}
	for (let f = 0; f < counts.length; f++) if (counts[f]) by.set(folders.names[f], counts[f]);
	return by;
}

function facet(field, by) {
	const list = [...by].sort((a, b) => field === "level" ? LEVELS.indexOf(b[0]) - LEVELS.indexOf(a[0]) : b[1] - a[1]);
	const many = opened.has(field) ? 200 : 8, box = el("section", {}, el("h2", { text: t(field) }));
	const items = el("ul");
	for (const [name, n] of list.slice(0, many)) items.append(facetItem(field, name, n));
	box.append(items);
	if (list.length > 8) {
		const more = el("button", { type: "button", class: "more", text: opened.has(field) ? t("less") : t("more", number(list.length - 8)),
			onclick: () => { opened.has(field) ? opened.delete(field) : opened.add(field); drawFacets(); } });
		box.append(more);
	}
	return box;
}

function facetItem(field, name, n) {
	const label = name === "" ? t("none") : short(name, 80);
	const choose = (not) => {
		if (field === "level") return toggle("level", name || "none", not);
		if (field === "folder") return addTerm((not ? "-" : "") + "path:" + folderTerm(name));
		return toggle(field, name, not);
	};
	return el("li", field === "level" ? { "data-level": name } : {},
		el("button", { type: "button", class: "value", text: label, title: short(visible(name), 300), onclick: () => choose(false) }),
		el("span", { class: "n", text: number(n) }),
		el("button", { type: "button", class: "not", text: "−", "aria-label": t("exclude") + " " + visible(label), title: t("exclude"), onclick: () => choose(true) }));
}

// folderTerm finds what lies in a folder, and below it.
function folderTerm(dir) {
	return /[\s\u3000*?"]/.test(dir) ? '"' + dir.replaceAll('"', '""') + '"' : dir + "*";
}

// Texts of the page, English and Japanese.
const TEXTS = {
	en: {
		search: "Search: words, \"phrase\", /regexp/, level:high+, path:\\tmp\\*, after:2026-03-06, around:ID±5m",
		rows: "%1 of %2 rows", zone: "Time", utc: "UTC", machineZone: "machine (%1)", export: "Export", importMarks: "Import marks",
		shown: "rows shown", marks: "Marks", timeline: "Timeline", findings: "Findings", lanes: "Programs", sessions: "Sessions", graph: "Log-ons",
		time: "time", level: "level", host: "machine", proves: "proves", artifact: "artifact", subject: "subject", message: "message",
		user: "account", folder: "folder", none: "none", more: "%1 more", less: "fewer", exclude: "exclude",
		details: "Details", close: "Close", copy: "Copy", copied: "copied", explain: "Show the bytes", pivot: "Rows near and alike", hide: "Hide rows like this",
		minutes: "±%1 min", program: "program", hash: "hash", session: "log-on session", record: "record", allMachines: "all machines",
		source: "Source", fields: "Fields", whyFinding: "Why", benign: "Often benign", next: "Next", reasons: "Reasons",
		mark: "Mark", note: "Note", clear: "clear", marksNone: "No row is marked. Keys 1 to 5 mark the row at the cursor, m opens a note.",
		benignMark: "benign", suspicious: "suspicious", malicious: "malicious", action: "action", question: "question",
		exportMarks: "marks.jsonl", imported: "%1 marks read, %2 of rows in this page", badLines: "%1 lines are not marks",
		unknownZone: "local time, zone unknown", converted: "was %1", localTime: "local", machineTime: "machine time",
		before: "%1 rows before the chart", after: "%1 after", gap: "no rows", boot: "start", shutdown: "shutdown", acquired: "last row",
		chartHelp: "Drag selects a time, the wheel zooms, a double click shows all.", laneHelp: "%1 programs. A dot is a row, at its second. A click shows it.",
		laneCut: "The first %1 of %2 programs.", laneNone: "No row shown here names a program.",
		sessionNone: "The evidence holds no log-on sessions.", begin: "begin", end: "end", ended: "ended by", kind: "kind",
		spanHelp: "A lane is an account on a machine, a bar one of its sessions. A click shows its rows.", spanCut: "The first %1 of %2 lanes.",
		known: "%1 rows of files on a list of known ones are folded by the term -tag:known-good; take it out to see them.", from: "from", duration: "duration",
		graphHelp: "Accounts at the left, machines at the right. Width: number of log-ons; colour: level. A click shows the rows.",
		graphNone: "The evidence holds no log-ons.", success: "successful", failure: "failed", firstSeen: "first", lastSeen: "last",
		sheetOnly: "Page %1 of %2: the timeline is longer than one page can hold. Others: %3", foldedNote: "Left out to fit into one page: %1. They are in timeline.jsonl.",
		help: "Keys", key_jk: "next and previous row", key_enter: "details", key_slash: "search line", key_m: "note for the row", key_15: "benign, suspicious, malicious, action, question; 0 clears",
		key_c: "copy the explain command", key_x: "hide rows with this message", key_u: "undo the last search", key_esc: "close", key_help: "this help", key_home: "first and last row",
		helpTerms: "Terms are separated by spaces and all must hold. A minus sign before a term excludes it. See search.md.",
		noFindings: "There are no findings.", rowsOf: "rows", damaged: "The data of this page cannot be read: %1", marksPrinted: "Marked rows", printed: "printed from %1",
		noStore: "Marks stay in this page only until it is closed: export them.", leave: "There are marks that were not exported.", tooSlow: "the search was stopped after %1 s",
		notUnique: "the id is not unique", noSuchID: "no row, record or finding has this id", count: "rows",
	},
	ja: {
		search: "検索: 単語、\"語句\"、/正規表現/、level:high+、path:\\tmp\\*、after:2026-03-06、around:ID±5m",
		rows: "%2 行中 %1 行", zone: "時刻", utc: "UTC", machineZone: "端末の時刻 (%1)", export: "書き出し", importMarks: "マークを読み込む",
		shown: "表示中の行", marks: "マーク", timeline: "タイムライン", findings: "所見", lanes: "プログラム", sessions: "セッション", graph: "ログオン",
		time: "時刻", level: "重要度", host: "端末", proves: "証明", artifact: "アーティファクト", subject: "対象", message: "内容",
		user: "アカウント", folder: "フォルダー", none: "なし", more: "ほか %1 件", less: "少なく表示", exclude: "除外",
		details: "詳細", close: "閉じる", copy: "コピー", copied: "コピーしました", explain: "元のバイトを表示", pivot: "前後の行・関連する行", hide: "同様の行を隠す",
		minutes: "±%1 分", program: "プログラム", hash: "ハッシュ", session: "ログオンセッション", record: "レコード", allMachines: "すべての端末",
		source: "出典", fields: "項目", whyFinding: "理由", benign: "よくある正常な説明", next: "次の手順", reasons: "根拠",
		mark: "マーク", note: "メモ", clear: "解除", marksNone: "マークされた行はありません。1〜5 キーでマーク、m キーでメモを開きます。",
		benignMark: "正常", suspicious: "疑わしい", malicious: "悪性", action: "要対応", question: "要確認",
		exportMarks: "marks.jsonl", imported: "%1 件のマークを読み込みました (このページの行: %2 件)", badLines: "%1 行はマークではありません",
		unknownZone: "現地時刻 (タイムゾーン不明)", converted: "元は %1", localTime: "現地", machineTime: "端末の時刻",
		before: "グラフより前に %1 行", after: "後に %1 行", gap: "行なし", boot: "起動", shutdown: "終了", acquired: "最後の行",
		chartHelp: "ドラッグで期間を選択、ホイールで拡大、ダブルクリックで全体を表示。", laneHelp: "%1 個のプログラム。点は 1 行を秒単位で示します。クリックで表示。",
		laneCut: "%2 個のうち最初の %1 個を表示。", laneNone: "表示中の行にプログラムはありません。",
		sessionNone: "ログオンセッションの記録はありません。", begin: "開始", end: "終了", ended: "終了の種類", kind: "種類",
		spanHelp: "1 行が端末ごとのアカウント、棒が 1 つのセッションです。クリックで行を表示。", spanCut: "%2 行のうち最初の %1 行を表示。",
		known: "既知のファイルの一覧にあるファイルの %1 行は、条件 -tag:known-good で畳んでいます。条件を消すと表示します。", from: "接続元", duration: "時間",
		graphHelp: "左がアカウント、右が端末。太さはログオン数、色は重要度。クリックで行を表示。",
		graphNone: "ログオンの記録はありません。", success: "成功", failure: "失敗", firstSeen: "最初", lastSeen: "最後",
		sheetOnly: "%2 ページ中 %1 ページ: タイムラインは 1 ページに収まりません。ほかのページ: %3", foldedNote: "1 ページに収めるため省いた行: %1。timeline.jsonl にはあります。",
		help: "キー操作", key_jk: "次の行・前の行", key_enter: "詳細", key_slash: "検索欄", key_m: "行のメモ", key_15: "正常、疑わしい、悪性、要対応、要確認 (0 で解除)",
		key_c: "explain コマンドをコピー", key_x: "同じ内容の行を隠す", key_u: "検索を元に戻す", key_esc: "閉じる", key_help: "このヘルプ", key_home: "最初の行・最後の行",
		helpTerms: "条件は空白で区切り、すべてを満たす行が表示されます。先頭のマイナスは除外です。詳しくは search.md を参照してください。",
		noFindings: "所見はありません。", rowsOf: "行", damaged: "このページのデータを読めません: %1", marksPrinted: "マークした行", printed: "%1 から印刷",
		noStore: "マークはページを閉じると失われます。書き出してください。", leave: "書き出していないマークがあります。", tooSlow: "検索を %1 秒で中止しました",
		notUnique: "ID が一意ではありません", noSuchID: "この ID の行・レコード・所見はありません", count: "行",
	},
};

let language = "en";

// t returns a text of the page in the language in force.
function t(key, ...args) {
	const s = TEXTS[language][key] ?? TEXTS.en[key] ?? key;
	return s.replace(/%(\d)/g, (_, n) => String(args[n - 1]));
}

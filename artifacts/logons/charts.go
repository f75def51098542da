package logons

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// Limits of the charts; what is beyond is counted.
const (
	maxHeats = 10 // accounts of the heat map
	maxLanes = 60 // of the chart of sessions
	maxBars  = 400
)

// chartHead begins a picture.
func chartHead(w io.Writer, width, height float64, id, title string) {
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" `+
		`aria-labelledby="%s" font-family="system-ui, sans-serif" font-size="12">`+"\n<title id=\"%s\">%s</title>\n",
		width, height, width, height, id, id, escapeXML(title))
}

// WriteHeatSVG draws when accounts were active: a row for each weekday, a column for
// each hour. At most ten accounts are drawn. The words of opts are "others" and
// "Mon" to "Sun".
func WriteHeatSVG(w io.Writer, heats []Heat, opts *SVGOptions) error {
	if opts == nil {
		opts = &SVGOptions{}
	}
	word := func(s string) string { return escapeXML(cmp.Or(opts.Words[s], s)) }
	left := len(heats) - min(len(heats), maxHeats)
	heats = heats[:len(heats)-left]
	const cell, label, columns, gap = 14.0, 40.0, 2, 34.0
	const block = label + 24*cell
	tall := 7*cell + 44
	height := float64((len(heats)+columns-1)/columns)*tall + 16
	chartHead(w, columns*block+gap, height+20, "logons-hours", cmp.Or(opts.Title, "log-ons by weekday and hour, UTC"))
	for i := range heats {
		heats[i].draw(w, float64(i%columns)*(block+gap), float64(i/columns)*tall, cell, label, word, opts)
	}
	if left > 0 {
		fmt.Fprintf(w, `<text x="%.0f" y="%.0f" text-anchor="middle" fill="#777">+ %d %s</text>`+"\n", block, height+12, left, word("others"))
	}
	_, err := fmt.Fprint(w, "</svg>\n")
	return err
}

// draw draws one account at a place.
func (h *Heat) draw(w io.Writer, x, y, cell, label float64, word func(string) string, opts *SVGOptions) {
	most := 0
	for d := range h.Hours {
		most = max(most, slices.Max(h.Hours[d][:]))
	}
	name := fmt.Sprintf(`<text class="heading" x="%.0f" y="%.0f" font-weight="600">%s</text>`, x, y+14,
		escapeXML(shorten(clean(h.Account.Name), 46)))
	if opts.Link != nil {
		if to := opts.Link(h.Account.ID); to != "" {
			name = `<a href="` + escapeXML(to) + `">` + name + "</a>"
		}
	}
	fmt.Fprintf(w, "<g>%s<title>%s: %d</title>\n", name, escapeXML(shorten(clean(h.Account.Name), maxTitle)), h.Total)
	for _, hour := range [...]int{0, 6, 12, 18} {
		fmt.Fprintf(w, `<text class="tick" x="%.1f" y="%.1f" font-size="9" fill="#777">%02d</text>`, x+label+float64(hour)*cell, y+27, hour)
	}
	for i := range 7 {
		d := (i + 1) % 7
		top := y + 30 + float64(i)*cell
		fmt.Fprintf(w, `<text class="tick" x="%.1f" y="%.1f" font-size="10" fill="#777">%s</text>`, x, top+cell-3, word(Weekday(d)))
		for hour, n := range h.Hours[d] {
			if n == 0 {
				continue
			}
			// A fifth at least, so that a single log-on is seen beside a thousand.
			shade := 0.2 + 0.8*math.Log1p(float64(n))/math.Log1p(float64(most))
			fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" fill="#2563a8" fill-opacity="%.2f">`+
				`<title>%s %02d:00 – %d</title></rect>`,
				x+label+float64(hour)*cell, top, cell-1, cell-1, shade, word(Weekday(d)), hour, n)
		}
		fmt.Fprintf(w, `<rect class="frame" x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="none" stroke="#999" stroke-opacity=".25"/>`+"\n",
			x+label-0.5, top-0.5, 24*cell, cell)
	}
	fmt.Fprint(w, "</g>\n")
}

// WriteSessionsSVG draws sessions as bars over time, a lane for each account on each
// machine. Those of users come first, then those with the longest sessions.
func WriteSessionsSVG(w io.Writer, list []*Session, opts *SVGOptions) error {
	if opts == nil {
		opts = &SVGOptions{}
	}
	word := func(s string) string { return escapeXML(cmp.Or(opts.Words[s], s)) }
	lanes, first, last := sessionLanes(list)
	left := len(lanes) - min(len(lanes), maxLanes)
	lanes = lanes[:len(lanes)-left]
	const label, width, step, top = 300.0, 1000.0, 20.0, 30.0
	chartHead(w, width, top+float64(len(lanes))*step+28, "logons-sessions", cmp.Or(opts.Title, "sessions, UTC"))
	span := max(last.Sub(first), time.Second)
	at := func(t time.Time) float64 { return label + (width-label-10)*float64(t.Sub(first))/float64(span) }
	if len(lanes) > 0 {
		for i := range 5 {
			t := first.Add(span / 4 * time.Duration(i))
			anchor := [...]string{"start", "middle", "middle", "middle", "end"}[i]
			fmt.Fprintf(w, `<text class="tick" x="%.1f" y="14" font-size="10" fill="#777" text-anchor="%s">%s</text>`+
				`<path d="M%.1f 20V%.1f" stroke="#999" stroke-opacity=".3"/>`+"\n", at(t), anchor, minute(t, opts.Zone),
				at(t), top+float64(len(lanes))*step)
		}
	}
	for i, l := range lanes {
		y := top + float64(i)*step
		fmt.Fprintf(w, `<text class="label" x="%.0f" y="%.1f" text-anchor="end">%s</text>`+"\n", label-8, y+13,
			escapeXML(shorten(clean(l.account.Name+" – "+l.host.Label), 42)))
		for j, s := range l.list {
			if j == maxBars {
				break
			}
			end, until, mark := s.End, "", ""
			if end.IsZero() {
				end, until, mark = last, word("open"), ` stroke="#2563a8" stroke-dasharray="3 2"`
			} else {
				until = minute(s.End, opts.Zone)
			}
			fill := "#2563a8"
			if s.Privileged {
				fill = "#b4531a"
			}
			fmt.Fprintf(w, `<rect x="%.1f" y="%.1f" width="%.1f" height="12" rx="2" fill="%s" fill-opacity=".65"%s><title>%s</title></rect>`+"\n",
				at(s.Begin), y+3, max(2, at(end)-at(s.Begin)), fill, mark, escapeXML(shorten(clean(fmt.Sprintf("%s, %s – %s, %s",
					s.Account.Name, minute(s.Begin, opts.Zone), until, s.Source.Label)), maxTitle)))
		}
	}
	if left > 0 {
		fmt.Fprintf(w, `<text x="%.0f" y="%.0f" text-anchor="middle" fill="#777">+ %d %s</text>`+"\n", width/2,
			top+float64(len(lanes))*step+18, left, word("others"))
	}
	_, err := fmt.Fprint(w, "</svg>\n")
	return err
}

type sessionLane struct {
	account *Account
	host    *Host
	list    []*Session
	total   time.Duration
}

// sessionLanes groups sessions, and returns the time that they span.
func sessionLanes(list []*Session) (lanes []*sessionLane, first, last time.Time) {
	at := map[[2]string]*sessionLane{}
	for _, s := range list {
		if s.Begin.IsZero() {
			continue
		}
		k := [2]string{s.Account.ID, s.Host.ID}
		l := at[k]
		if l == nil {
			l = &sessionLane{account: s.Account, host: s.Host}
			at[k] = l
			lanes = append(lanes, l)
		}
		l.list = append(l.list, s)
		l.total += s.Duration()
		if first.IsZero() || s.Begin.Before(first) {
			first = s.Begin
		}
		last = later(last, later(s.Begin, s.End))
	}
	person := func(l *sessionLane) int {
		if l.account.Kind == "user" {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(lanes, func(x, y *sessionLane) int {
		return cmp.Or(cmp.Compare(person(x), person(y)), cmp.Compare(y.total, x.total),
			cmp.Compare(len(y.list), len(x.list)), cmp.Compare(x.account.ID, y.account.ID), cmp.Compare(x.host.ID, y.host.ID))
	})
	return lanes, first, last
}

// writeSVG draws a view: sessions as bars, hours as a heat map, anything else as a
// graph.
func writeSVG(w io.Writer, a *Analysis, view string, f *Filter) error {
	switch view {
	case "hours":
		return WriteHeatSVG(w, a.Heats(f), &SVGOptions{Title: "log-ons by weekday and hour, " + a.Zone().String()})
	case "sessions":
		var list []*Session
		for i, s := range a.Sessions.All() {
			if f.session(s) {
				list = append(list, a.Sessions.At(i))
			}
		}
		return WriteSessionsSVG(w, list, &SVGOptions{Title: "sessions, " + a.Zone().String(), Zone: a.Zone()})
	}
	return WriteSVG(w, a.Graph(f), nil)
}

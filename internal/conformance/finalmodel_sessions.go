package conformance

import (
	"cmp"
	"slices"
)

// finalSessions is the model of sessions.
type finalSessions struct {
	finals
	gap   int64
	spans map[string][]final
}

func newFinalSessions(p Params, fold folding, lossy bool) *finalSessions {
	gap, _ := p.Int("gapMs")
	return &finalSessions{finals: newFinals(p, gap, fold, lossy), gap: gap, spans: map[string][]final{}}
}

func (s *finalSessions) run(input []Step) *finalSessions {
	for _, x := range input {
		if x.Topic != "" {
			s.take(x.Record)
		}
		s.end()
	}
	return s
}

func (s *finalSessions) take(r Record) {
	if r.Key.IsNull() {
		s.dropped++
		return
	}
	s.now = max(s.now, r.Time)
	closed := s.now - s.grace - s.gap
	f := final{key: r.Key.text, start: r.Time, end: r.Time, value: s.fold.init}
	var rest []final
	for _, x := range s.spans[f.key] { // by end, then start
		if !s.seen(x.end) || x.end < r.Time-s.gap || x.start > r.Time+s.gap {
			rest = append(rest, x)
			continue
		}
		f.start, f.end = min(f.start, x.start), max(f.end, x.end)
		f.value = s.fold.merge(f.value, x.value)
	}
	if f.end < closed {
		s.dropped++
	} else {
		f.value, f.at, f.time = s.fold.add(f.value, r.Value), f.end, f.end
		if s.admit(f.end) {
			same := func(x final) bool { return x.start == f.start && x.end == f.end }
			rest = append(slices.DeleteFunc(rest, same), f) // one that is not seen any more is replaced
			slices.SortFunc(rest, func(a, b final) int { return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.start, b.start)) })
		}
		s.spans[f.key] = rest
	}
	s.close(closed-1, r.Headers)
}

func (s *finalSessions) seen(end int64) bool { return end > s.stored-s.retention }

// kept reports whether Kafka Streams finds a session that is to be forwarded: on disk, while it has the segment.
func (s *finalSessions) kept(end int64) bool {
	if s.memory {
		return s.seen(end)
	}
	return s.segment(end) >= s.oldest()
}

// close forwards the sessions that end up to last.
func (s *finalSessions) close(last int64, headers []Header) {
	if last < s.from {
		return
	}
	var closed []final
	for _, list := range s.spans {
		for _, x := range list {
			if x.end >= s.from && x.end <= last && (!s.lossy || s.kept(x.end)) {
				closed = append(closed, x)
			}
		}
	}
	less := byStartOf
	if s.memory {
		less = byKeyOf
	}
	s.forward(closed, less, headers)
	s.from = last + 1
}

// left are the sessions that the store shows at the end.
func (s *finalSessions) left() []Row {
	var list []Row
	for _, spans := range s.spans {
		for _, x := range spans {
			if s.seen(x.end) {
				list = append(list, Row{Key: Text(x.key), Value: x.value, Window: &Span{x.start, x.end}})
			}
		}
	}
	return list
}

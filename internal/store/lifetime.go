package store

import (
	"encoding/binary"
	"math"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/graph"
)

// lifetime is how long the rows of a window store, and the sessions of a session store, live. Their time is the window's
// start or the session's end.
type lifetime struct {
	retention int64
	sight     int64 // how long rows are seen: as long as they are kept, or a millisecond more
	interval  int64
	strict    bool
	observed  int64 // the latest time put, -1 at first
	floor     int64 // segments or buckets below are gone from the DB
}

// SegmentInterval is the length of a segment in milliseconds, as in Kafka Streams.
func SegmentInterval(retention int64) int64 { return max(retention/2, 60_000) }

// newLifetime makes the lifetime of a store, of which a retention of 0 is for ever.
func newLifetime(c *graph.Context, s *graph.Store) *lifetime {
	retention := s.Retention
	if retention == 0 {
		retention = math.MaxInt64
	}
	l := &lifetime{retention: retention, sight: retention, interval: SegmentInterval(retention), strict: s.Memory, observed: -1}
	c.Var("store/"+s.Name, &l.observed)
	return l
}

// Seen reports whether a row or session of that time is still to be seen.
func (l *lifetime) Seen(t int64) bool { return t > l.observed-l.sight }

// Admit moves observed time to t and reports whether a row or session of that time may still be put. A store on disk
// takes rows until their segment expires, one in memory until they do: as Kafka Streams' two kinds, whose counts of
// dropped records differ by it.
func (l *lifetime) Admit(t int64) bool {
	l.observed = max(l.observed, t)
	expired := l.observed - l.retention
	if l.strict {
		return t > expired
	}
	return expired < 0 || t/l.interval >= expired/l.interval
}

// segment makes the segments of a window store go at the commit after they expired.
func segment(s *core, l *lifetime) {
	s.expire = func(b db.Batch) error {
		if expired := l.observed - l.retention; expired > 0 && expired/l.interval > l.floor {
			l.floor = expired / l.interval
			return b.DeleteRange(s.prefix, binary.BigEndian.AppendUint64(append([]byte(nil), s.prefix...), uint64(l.floor)))
		}
		return nil
	}
}

package window

import (
	"errors"
	"fmt"
	"time"
)

// SessionWindow is a definition of sessions: records of one key no further apart than a gap belong together. A session is
// [Start, End], both inclusive, from its first record's time to its last's. Make one with [Session]. Two equal definitions are ==.
type SessionWindow struct {
	gap, grace int64 // milliseconds
	made       bool  // by Session; a gap may be zero
	fault      string
}

// Session defines sessions that end when no record came for longer than gap: two records exactly gap apart are in one session, so
// that a gap of 0 unites records of one time. A session takes late records until stream time passes its end plus gap plus
// grace. Kafka Streams: SessionWindows.ofInactivityGapAndGrace (KIP-94, KIP-633).
func Session(gap, grace time.Duration) SessionWindow {
	w := SessionWindow{
		gap:   gap.Milliseconds(),
		grace: grace.Milliseconds(),
		made:  true,
		fault: faultOf(duration{"gap", gap, 0}, duration{"grace", grace, 0}),
	}
	if w.fault == "" && w.Retention() == 0 {
		w.fault = "nothing could ever join such a session: make the gap or the grace at least 1ms"
	}
	if w.fault != "" {
		w.fault = fmt.Sprintf("Session(%v, %v): %s", gap, grace, w.fault)
	}
	return w
}

// Gap is the longest silence within a session in milliseconds.
func (w SessionWindow) Gap() int64 { return w.gap }

// Grace is how long after its end plus the gap a session still takes records, in milliseconds of stream time.
func (w SessionWindow) Grace() int64 { return w.grace }

// Retention is how long a session must be kept in milliseconds: Gap plus Grace.
func (w SessionWindow) Retention() int64 { return w.gap + w.grace }

// Err is nil, or says what to change in the definition.
func (w SessionWindow) Err() error {
	if !w.made {
		return errors.New("window: a SessionWindow is made with Session, this one is empty")
	}
	return asError(w.fault)
}

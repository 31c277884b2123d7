package members

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/millrace-go/millrace/internal/assign"
	"github.com/millrace-go/millrace/internal/graph"
)

// Suffix ends the name of the members topic; the application's name is before it.
const Suffix = "-members"

const (
	memberKey     = "member/"
	assignmentKey = "assignment/"
)

// Record is what a member says of itself.
type Record struct {
	ID       string `json:"-"` // the coordinator's, in the key
	Instance string `json:"instance"`
	Address  string `json:"address,omitempty"` // where its tables can be asked, as its user has said
	Workers  int    `json:"workers"`           // how many transactional ids it has
	// Acked is the version of the latest assignment that it obeys, and Held the tasks that it still has then, by slot.
	Acked uint64  `json:"acked"`
	Held  []int32 `json:"held,omitempty"`
	// Lag is how many records its copies are behind, by slot.
	Lag     map[int32]int64 `json:"lag,omitempty"`
	Leaving bool            `json:"leaving,omitempty"`
}

// Gone is the Acked of a member that will never commit again.
const Gone = math.MaxUint64

// term orders leaders: a higher one overrules.
type term struct {
	number uint64
	member string
}

func (t term) less(o term) bool {
	return t.number < o.number || t.number == o.number && t.member < o.member
}

// mark names a record of a leader: its n-th assignment, or with 0 the one that begins its term. Each has a key of its own, so
// that none is lost to compaction because of one that was written in vain.
type mark struct {
	term    term
	version uint64
}

func (m mark) key() string {
	return fmt.Sprintf("%s%d/%d/%s", assignmentKey, m.term.number, m.version, m.term.member)
}

func parseMark(s string) (m mark, err error) {
	number, rest, _ := strings.Cut(s, "/")
	version, member, _ := strings.Cut(rest, "/")
	m.term.member = member
	if m.term.number, err = strconv.ParseUint(number, 10, 64); err == nil {
		m.version, err = strconv.ParseUint(version, 10, 64)
	}
	return m, err
}

// decision is an assignment as it lies in the topic; its version is in the key.
type decision struct {
	Members  []string               `json:"members,omitempty"` // whose announcements it takes into account
	Grants   map[int32]assign.Grant `json:"grants,omitempty"`
	Standbys map[int32][]string     `json:"standbys,omitempty"`
}

// encode makes the record of a key; no value is a tombstone.
func encode(topic *graph.Topic, key string, value any, now int64) (*graph.Effect, error) {
	e := &graph.Effect{Topic: topic, Key: []byte(key), Timestamp: now}
	if value != nil {
		b, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("members: encode %s: %w", key, err)
		}
		e.Value = b
	}
	return e, nil
}

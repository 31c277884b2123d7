package members

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/assign"
	"github.com/millrace-go/millrace/internal/graph"
)

// TestCompaction: who reads the topic after it was compacted ends with what those read who read all of it, whatever leaders of
// past terms wrote in between, and however long a leader of a higher term only announced itself.
func TestCompaction(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		var log []graph.Raw
		live := newView()
		write := func(key string, value any) {
			r := graph.Raw{Key: []byte(key), Offset: int64(len(log))}
			if value != nil {
				b, err := json.Marshal(value)
				if err != nil {
					t.Fatal(err)
				}
				r.Value = b
			}
			log = append(log, r)
			if err := live.apply(&r); err != nil {
				t.Fatal(err)
			}
		}
		terms := []term{}
		for range 40 {
			switch rnd.IntN(4) {
			case 0: // somebody stands, perhaps at the same time as another one
				tm := term{live.leader.number + uint64(rnd.IntN(2)), fmt.Sprint("m", rnd.IntN(3), "-", len(log))}
				terms = append(terms, tm)
				write(mark{tm, 0}.key(), decision{})
			case 1, 2: // a leader decides, perhaps one that is past
				if len(terms) > 0 {
					m := mark{terms[rnd.IntN(len(terms))], live.Assignment.Version + 1}
					write(m.key(), decision{Grants: map[int32]assign.Grant{0: {Member: fmt.Sprint(len(log))}}})
				}
			case 3: // the leader tidies
				for _, m := range live.past() {
					write(m.key(), nil)
				}
			}
		}
		late := newView()
		for _, r := range compacted(log, rnd) {
			if err := late.apply(&r); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(live.Assignment, late.Assignment); diff != "" || live.leader != late.leader {
			t.Fatalf("seed %d: leader %v, and %v after compaction; assignment (-live +late):\n%s", seed, live.leader, late.leader, diff)
		}
	}
}

// compacted keeps the last record of each key, and of some keys others.
func compacted(log []graph.Raw, rnd *rand.Rand) []graph.Raw {
	last := map[string]int64{}
	for _, r := range log {
		last[string(r.Key)] = r.Offset
	}
	dirty := int64(rnd.IntN(len(log) + 1)) // what is behind it was not compacted yet
	var kept []graph.Raw
	for _, r := range log {
		if r.Offset == last[string(r.Key)] || r.Offset >= dirty {
			kept = append(kept, r)
		}
	}
	return kept
}

// TestForeign: what does not decode is an error that says where it lies.
func TestForeign(t *testing.T) {
	t.Parallel()
	for key, value := range map[string]string{"member/a": "{", "assignment/x/1/a": "{}", "assignment/1/x/a": "{}", "assignment/1/1/a": "[]", "other": ""} {
		err := newView().apply(&graph.Raw{Key: []byte(key), Value: []byte(value), Offset: 7})
		if err == nil || err.Error()[:8] != "offset 7" {
			t.Errorf("%s: %v", key, err)
		}
	}
}

package dbtest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/internal/db"
)

// SeedEnv names the environment variable that repeats one run of the model test.
const SeedEnv = "MILLRACE_DB_SEED"

// testModel does random things to a DB and to a sorted map and compares them all the time.
func testModel(t *testing.T, open func(t *testing.T) db.DB) {
	seeds := []uint64{1, 2, 3, rand.Uint64(), rand.Uint64()}
	if s := os.Getenv(SeedEnv); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("%s=%q is not a number: %v", SeedEnv, s, err)
		}
		seeds = []uint64{seed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("%s=%d", SeedEnv, seed), func(t *testing.T) {
			d := open(t)
			m := &model{t: t, db: d, rows: map[string]string{}, rng: rand.New(rand.NewPCG(seed, 0))}
			for m.step = range 600 {
				m.act()
			}
			m.scan(nil, nil, false)
			for len(m.open) > 0 {
				m.advance(0, true)
			}
			noError(t, d.Close())
		})
	}
}

type model struct {
	t    *testing.T
	db   db.DB
	rows map[string]string
	open []held
	rng  *rand.Rand
	step int
}

// held is an iterator on its way, and what it has yet to show.
type held struct {
	it   db.Iterator
	back bool
	left []pair
}

func (m *model) act() {
	switch p := m.rng.IntN(100); {
	case p < 30:
		m.batch()
	case p < 55:
		key := m.key()
		want, ok := m.rows[key]
		got, found, err := m.db.Get([]byte(key))
		if err != nil || found != ok || string(got) != want {
			m.t.Fatalf("step %d: Get(%q) = %.20q, %v, %v, want %.20q, %v", m.step, key, got, found, err, want, ok)
		}
	case p < 70:
		lower, upper := m.bounds()
		m.scan(lower, upper, m.rng.IntN(2) == 0)
	case p < 80 && len(m.open) < 4:
		lower, upper := m.bounds()
		back := m.rng.IntN(2) == 0
		it, err := m.db.Iter(lower, upper)
		noError(m.t, err)
		m.open = append(m.open, held{it, back, m.between(lower, upper, back)})
	case p < 95 && len(m.open) > 0:
		m.advance(m.rng.IntN(len(m.open)), m.rng.IntN(4) == 0)
	case p >= 95:
		noError(m.t, m.db.Flush())
	}
}

// batch writes up to 20 times, to the DB and to a copy of the rows that is kept if the batch is.
func (m *model) batch() {
	rows := make(map[string]string, len(m.rows))
	maps.Copy(rows, m.rows)
	b := m.db.Batch()
	for range m.rng.IntN(21) {
		switch p := m.rng.IntN(10); {
		case p < 7:
			k, v := m.key(), m.value()
			noError(m.t, b.Set([]byte(k), []byte(v)))
			rows[k] = v
		case p < 9:
			k := m.key()
			noError(m.t, b.Delete([]byte(k)))
			delete(rows, k)
		default:
			lower, upper := m.bounds()
			noError(m.t, b.DeleteRange(lower, upper))
			for k := range rows {
				if in(k, lower, upper) {
					delete(rows, k)
				}
			}
		}
	}
	if m.rng.IntN(10) == 0 {
		b.Discard()
		return
	}
	noError(m.t, b.Commit())
	m.rows = rows
}

// advance moves a held iterator a few steps, or to its end, and closes it there or, now and then, before.
func (m *model) advance(i int, toEnd bool) {
	h := &m.open[i]
	move := h.it.Next
	if h.back {
		move = h.it.Prev
	}
	for n := m.rng.IntN(5); n > 0 || toEnd; n-- {
		ok := move()
		if ok != (len(h.left) > 0) {
			m.t.Fatalf("step %d: iterator moved = %v with %d keys to come (%v)", m.step, ok, len(h.left), h.it.Err())
		}
		if !ok {
			toEnd = true
			break
		}
		if got := (pair{string(h.it.Key()), string(h.it.Value())}); got != h.left[0] {
			m.t.Fatalf("step %d: iterator at %.40q, want %.40q", m.step, got, h.left[0])
		}
		h.left = h.left[1:]
	}
	if toEnd || m.rng.IntN(8) == 0 {
		noError(m.t, h.it.Err())
		noError(m.t, h.it.Close())
		m.open = slices.Delete(m.open, i, i+1)
	}
}

func (m *model) scan(lower, upper []byte, back bool) {
	if diff := cmp.Diff(m.between(lower, upper, back), scan(m.t, m.db, lower, upper, back)); diff != "" {
		m.t.Fatalf("step %d: walk of [%q, %q), back %v (-want +got):\n%s", m.step, lower, upper, back, diff)
	}
}

func (m *model) between(lower, upper []byte, back bool) []pair {
	rows := []pair{}
	for k, v := range m.rows {
		if in(k, lower, upper) {
			rows = append(rows, pair{k, v})
		}
	}
	slices.SortFunc(rows, func(a, b pair) int { return strings.Compare(a.K, b.K) })
	if back {
		slices.Reverse(rows)
	}
	return rows
}

func in(key string, lower, upper []byte) bool {
	return key >= string(lower) && (upper == nil || key < string(upper))
}

// key is short and of few letters, so that keys meet and are prefixes of each other.
func (m *model) key() string {
	k := make([]byte, m.rng.IntN(4))
	for i := range k {
		k[i] = "\x00\x01ab\xfe\xff"[m.rng.IntN(6)]
	}
	return string(k)
}

func (m *model) value() string {
	n := m.rng.IntN(30)
	if m.rng.IntN(50) == 0 {
		n = 20_000 // more than a block
	}
	return strings.Repeat(string(rune('a'+m.rng.IntN(26))), n)
}

func (m *model) bounds() (lower, upper []byte) {
	if m.rng.IntN(5) > 0 {
		lower = []byte(m.key())
	}
	if m.rng.IntN(5) > 0 {
		upper = []byte(m.key())
	}
	return lower, upper
}

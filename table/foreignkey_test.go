package table_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/testkit"
	"github.com/millrace-go/millrace/topology"
)

var seed = flag.Uint64("seed", 0, "the seed of the property test; 0 takes one from the clock")

// row names the right row that it waits for; an empty name is a nil foreign key.
type row struct {
	Right string
	N     int64
}

var (
	lefts   = topology.NewTopic[string, row]("lefts")
	rights  = topology.NewTopic[string, int64]("rights")
	results = topology.NewTopic[string, string]("results")
)

func rightOf(r row) []byte {
	if r.Right == "" {
		return nil
	}
	return []byte(r.Right)
}

func joined(l row, r int64) string { return fmt.Sprintf("%s %d*%d", l.Right, l.N, r) }

// event is a change of one side: a put, or a delete where the row is nil.
type event struct {
	key   string
	left  *row
	right *int64
	side  byte // 'l' or 'r'
}

func (e event) String() string {
	switch {
	case e.left != nil:
		return fmt.Sprintf("l %s=%s,%d", e.key, e.left.Right, e.left.N)
	case e.right != nil:
		return fmt.Sprintf("r %s=%d", e.key, *e.right)
	default:
		return fmt.Sprintf("%c %s deleted", e.side, e.key)
	}
}

func leftJoined(l row, r int64, ok bool) string {
	if !ok {
		return fmt.Sprintf("%s %d alone", l.Right, l.N)
	}
	return joined(l, r)
}

// model is what a foreign-key join must show, by its definition.
type model struct {
	left   bool // rows without a right one, too
	lefts  map[string]row
	rights map[string]int64
}

func (m model) apply(e event) {
	switch {
	case e.side == 'l' && e.left == nil:
		delete(m.lefts, e.key)
	case e.side == 'l':
		m.lefts[e.key] = *e.left
	case e.right == nil:
		delete(m.rights, e.key)
	default:
		m.rights[e.key] = *e.right
	}
}

func (m model) rows() map[string]string {
	rows := map[string]string{}
	for k, l := range m.lefts {
		if r, ok := m.rights[l.Right]; ok {
			rows[k] = joined(l, r)
		} else if m.left {
			rows[k] = leftJoined(l, 0, false)
		}
	}
	return rows
}

// pair is the join and the model of it, fed with the same events.
type pair struct {
	d    *testkit.Driver
	m    model
	rows map[string]string
	all  []string // that came out
	at   int64
}

func newPair(t testkit.TB, left bool, opts ...testkit.Option) *pair {
	return pairOf(t, left, nil, nil, opts...)
}

func pairOf(t testkit.TB, left bool, leftOpts, rightOpts []topology.Option, opts ...testkit.Option) *pair {
	b := topology.New("fk")
	l, r := table.From(b, lefts, leftOpts...), table.From(b, topology.Topic[[]byte, int64]{Name: rights.Name}, rightOpts...)
	join := func() *table.Table[string, string] { return l.ForeignKeyJoin(r, rightOf, joined, topology.As("fk")) }
	if left {
		join = func() *table.Table[string, string] {
			return l.LeftForeignKeyJoin(r, rightOf, leftJoined, topology.As("fk"))
		}
	}
	stream.Changes(join()).To(results)
	return &pair{
		d: testkit.New(t, topology.Must(b.Build()), opts...), m: model{left, map[string]row{}, map[string]int64{}}, rows: map[string]string{},
	}
}

// historyOfCommits has several events between two commits, of tables that emit on commit or do not.
func historyOfCommits(t *testing.T, rnd *rand.Rand, seed uint64, left bool) {
	t.Helper()
	var opts [2][]topology.Option
	for i, name := range []string{"kept-lefts", "kept-rights"} {
		if rnd.IntN(3) > 0 {
			opts[i] = []topology.Option{topology.As(name), topology.EmitOnCommit()}
		}
	}
	p := pairOf(t, left, opts[0], opts[1], testkit.Partitions(1+rnd.Int32N(4)), testkit.CommitEvery(1000))
	for i := range 80 {
		e := randomEvent(rnd)
		p.push(e)
		if rnd.IntN(4) > 0 {
			continue
		}
		p.d.Commit()
		if diff := p.diff(); diff != "" {
			t.Fatalf("go test ./table -run %s -args -seed %d: event %d (%v): %s", t.Name(), seed, i, e, diff)
		}
	}
}

func randomEvent(rnd *rand.Rand) event {
	keys := []string{"x", "y", "z", ""}
	e := event{key: keys[rnd.IntN(3)], side: "lr"[rnd.IntN(2)]}
	switch n := rnd.Int64N(5); {
	case n == 0: // a delete
	case e.side == 'l':
		e.left = &row{keys[rnd.IntN(4)], n}
	default:
		e.right = &n
	}
	return e
}

// feed applies an event and returns how the join differs from its model.
func (p *pair) feed(e event) string {
	p.push(e)
	return p.diff()
}

func (p *pair) push(e event) {
	p.at++
	switch {
	case e.side == 'l' && e.left == nil:
		p.d.Input(lefts).PipeNull(e.key, p.at)
	case e.side == 'l':
		p.d.Input(lefts).Pipe(e.key, *e.left, p.at)
	case e.right == nil:
		p.d.Input(rights).PipeNull(e.key, p.at)
	default:
		p.d.Input(rights).Pipe(e.key, *e.right, p.at)
	}
	p.m.apply(e)
}

// diff takes in what came out and returns how the join differs from its model.
func (p *pair) diff() string {
	for _, r := range p.d.Output(results).ReadAll() {
		p.all = append(p.all, r.String())
		if r.Null {
			delete(p.rows, r.Key)
		} else {
			p.rows[r.Key] = r.Value
		}
	}
	return cmp.Diff(p.m.rows(), p.rows)
}

func put(key, right string, n int64) event { return event{key: key, left: &row{right, n}, side: 'l'} }
func set(key string, n int64) event        { return event{key: key, right: &n, side: 'r'} }
func drop(side byte, key string) event     { return event{key: key, side: side} }

// Whatever order rows, changes of foreign keys and deletes of both sides come in, the join shows what its definition says.
func TestForeignKeyJoinInAnyOrder(t *testing.T) {
	t.Parallel()
	events := []event{put("a", "x", 1), put("a", "y", 2), put("b", "x", 3), set("x", 10), set("y", 20), drop('r', "x"), drop('l', "a"), put("b", "", 4)}
	var order func(fed, left []event)
	n := 0
	order = func(fed, left []event) {
		if len(fed) == 4 { // all orders of any four: 1,680
			n++
			for _, left := range []bool{false, true} {
				p := newPair(t, left, testkit.Partitions(int32(1+n%3)), testkit.Once())
				for _, e := range fed {
					if diff := p.feed(e); diff != "" {
						t.Fatalf("left: %v: after %v of %v: %s", left, e, fed, diff)
					}
				}
			}
			return
		}
		for i, e := range left {
			rest := append(append([]event{}, left[:i]...), left[i+1:]...)
			order(append(slices.Clip(fed), e), rest)
		}
	}
	order(nil, events)
}

// Long histories of few keys, so that everything happens to each; with the second run of the testkit.
func TestForeignKeyJoinLikeItsModel(t *testing.T) {
	t.Parallel()
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	rnd := rand.New(rand.NewPCG(s, 0))
	for history := range 40 {
		if history >= 26 {
			historyOfCommits(t, rnd, s, history%2 == 1)
			continue
		}
		p := newPair(t, history%2 == 1, testkit.Partitions(1+rnd.Int32N(4)))
		for i := range 100 {
			e := randomEvent(rnd)
			before := maps.Clone(p.rows)
			if diff := p.feed(e); diff != "" {
				t.Fatalf("go test ./table -run %s -args -seed %d: history %d, event %d (%v), rows before %v: %s", t.Name(), s, history, i, e, before, diff)
			}
		}
	}
}

// A nil foreign key joins nothing and is counted; it deletes the result that the row had.
func TestForeignKeyJoinOfNilKeys(t *testing.T) {
	t.Parallel()
	p := newPair(t, false)
	for _, e := range []event{set("x", 10), put("a", "", 1), put("a", "x", 2), put("a", "", 3), set("x", 20)} {
		if diff := p.feed(e); diff != "" {
			t.Errorf("after %v: %s", e, diff)
		}
	}
	if n := p.d.Dropped(); n != 2 {
		t.Errorf("%d dropped, want the 2 without a key", n)
	}
}

// A left join keeps rows with a nil foreign key, and counts nothing as dropped; one that never had a row tells of no delete.
func TestLeftForeignKeyJoinOfNilKeys(t *testing.T) {
	t.Parallel()
	p := newPair(t, true)
	for _, e := range []event{drop('l', "a"), put("a", "", 1), set("x", 10), put("a", "x", 2), put("a", "", 3), drop('r', "x"), drop('l', "a")} {
		if diff := p.feed(e); diff != "" {
			t.Errorf("after %v: %s", e, diff)
		}
	}
	want := []string{"a ->  1 alone at 2", "a -> x 2*10 at 4", "a ->  3 alone at 5", "a -> null at 7"}
	if diff := cmp.Diff(want, p.all); diff != "" {
		t.Error(diff)
	}
	if n := p.d.Dropped(); n != 0 {
		t.Errorf("%d dropped, want none", n)
	}
}

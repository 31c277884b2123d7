package graph

import (
	"time"

	"github.com/millrace-go/millrace/internal/db"
)

// Store is a store as the topology sees it; each task that uses it makes its own part.
type Store struct {
	Name  string
	Kind  string // "key-value", "window", "session", "versioned"
	At    string // file:line of the user's call
	Nodes []*Node
	// Retention is how long rows of a window or session store live, in milliseconds of event time; 0 keeps all.
	Retention int64
	// Versioned says that Retention is a history of versions: the latest of each key outlives it, in the changelog too.
	Versioned bool
	// NoLog leaves out the changelog: the rows do not survive the loss of the disk.
	NoLog bool
	// Changelog is its topic, once the graph is built.
	Changelog *Topic
	// Memory keeps the rows in memory instead of on disk; they are restored from the changelog at each start.
	Memory bool
	// EmitOnCommit forwards one change per row and commit instead of one per update.
	EmitOnCommit bool
	// EmitOnClose says that windows or sessions are forwarded once, when they are closed: the store then knows which are due.
	EmitOnClose bool
	Global      *Global // the global table whose rows it holds
	Err         error   // what is wrong with its description, for the graph that it is added to
	Make        func(c *Context, s *Store, d db.DB, prefix []byte) (TaskStore, error)
}

// ChangelogRetention is how long the changelog keeps records of a store with retention: a day more than the store.
func (s *Store) ChangelogRetention() time.Duration {
	return time.Duration(s.Retention)*time.Millisecond + 24*time.Hour
}

// AddStore adds a store that the operator op uses. A name that is taken is an error, and so is a store of another graph.
func (g *Graph) AddStore(s *Store, op string) *Store {
	for _, o := range g.Stores {
		if o == s {
			return s
		}
		if o.Name == s.Name {
			g.Taken(s.At, op, s.Name, o.At)
		}
	}
	for _, x := range g.Globals {
		if x.Store.Name == s.Name {
			g.Taken(s.At, op, s.Name, x.Store.At)
		}
	}
	if g.Built {
		return s
	}
	if s.Err != nil {
		g.note(s.Err)
	}
	if len(s.Nodes) > 0 {
		g.Errorf(s.At, "%s: store %q is used in another topology, at %s: describe it once for each", op, s.Name, s.Nodes[0].At)
	}
	g.Stores = append(g.Stores, s)
	return s
}

// TaskStore is one task's part of a store: an overlay of what changed since the last commit over a [db.DB].
type TaskStore interface {
	// Log hands the rows that changed since the last commit to write, each once: key, value (nil: deleted) and
	// timestamp. Puts come before deletes.
	Log(write func(key, value []byte, ts int64) error) error
	// Apply writes the same rows to the DB, once the commit is known to stand; they are unchanged afterwards.
	Apply(b db.Batch) error
	// Abort forgets what changed since the last commit.
	Abort()
	// Restore writes a changelog record into the DB.
	Restore(b db.Batch, key, value []byte, ts int64) error
	// Dirty is about how many bytes the overlay holds.
	Dirty() int
}

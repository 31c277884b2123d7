package runtime

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/millrace-go/millrace/internal/db"
	"github.com/millrace-go/millrace/internal/engine"
	"github.com/millrace-go/millrace/internal/graph"
	"github.com/millrace-go/millrace/internal/transport"
)

// task is an engine's task with its place on the cluster and on the disk. It belongs to its opener, then to one worker.
type task struct {
	id      engine.TaskID
	name    string
	slot    int32  // its slot in the registry
	stamp   uint64 // when the group gave it: see ownership
	engine  *engine.Task
	disk    db.DB // nil: no store lies there
	dir     *taskDir
	sources []*source
	logs    []*changelog
	emit    func(*graph.Effect) error // the worker's, once it has one

	pending  bool // something has changed since the last commit
	produced int64
	whole    bool      // its stores have been restored to their changelogs' ends
	flushed  time.Time // when the disk last had all that was committed
	unsafe   bool      // something was committed since
	loading  bool      // its store has been told that many records come

	retries int       // of a record, in a row
	rest    time.Time // until when it waits before the next; zero: it does not

	counts  counts
	settled tally // the engine's counts at the last commit
	void    tally // counts of work that was taken back
}

// source is a partition that a task reads.
type source struct {
	t       *task
	topic   string // the engine's name
	p       transport.Partition
	topicID string // as it was when the application started
	role    graph.Role
	fetched int64 // the next offset to add
	ended   bool  // there was nothing more at the last look
	paused  bool
	alone   bool // the task has no other source: nothing ever waits
	bytes   int  // about, per record

	committed atomic.Int64 // for the purge
}

// changelog counts where a store's changelog partition ends, as far as this task has written it.
type changelog struct {
	store *graph.Store
	topic *graph.Topic
	next  int64 // at or below the partition's end, and above every record that the store holds
	sent  int64 // records since the last commit
}

func (t *task) close() error {
	if t.disk == nil {
		return nil
	}
	err := t.disk.Close()
	if err == nil && t.whole { // one that is behind stays as old as it was
		err = t.dir.mark()
	}
	return err
}

// sink takes the engine's effects.
func (t *task) sink(e *graph.Effect) error {
	if t.emit == nil {
		return errors.New("runtime: a task emitted before it had a worker: this is a bug")
	}
	t.pending = true
	t.produced++
	if e.Topic.Role == graph.Changelog {
		for _, l := range t.logs {
			if l.topic == e.Topic {
				l.sent++
			}
		}
	}
	return t.emit(e)
}

// offsets are the changelog positions of a commit. They are safe lower bounds: a transaction adds one control record to
// each partition that it touched, and the records of aborted ones are not counted. A restore that begins too early does
// no harm.
func (t *task) offsets(transactional bool) map[*graph.Store]int64 {
	m := make(map[*graph.Store]int64, len(t.logs))
	for _, l := range t.logs {
		if l.sent > 0 {
			l.next += l.sent
			if transactional {
				l.next++
			}
			l.sent = 0
			m[l.store] = l.next
		}
	}
	return m
}

// positions are what a commit sends: of all sources, changed or not, since they are what fences a stale instance.
func (t *task) positions(list []transport.Position) ([]transport.Position, error) {
	next := map[string]int64{}
	for _, p := range t.engine.Positions() {
		next[p.Topic.FullName("")] = p.Next
	}
	meta, err := encodeCheckpoint(t.name, t.engine.Checkpoint())
	if err != nil {
		return nil, err
	}
	for i, s := range t.sources {
		p := transport.Position{Partition: s.p, Offset: max(next[s.topic], s.committed.Load())}
		if s.ended && t.engine.Buffered(s.topic) == 0 { // past the control records, so that the lag reads zero
			p.Offset = max(p.Offset, s.fetched)
		}
		if i > 0 {
			meta = ""
		}
		p.Metadata = metadata(meta, s.topicID)
		list = append(list, p)
	}
	return list, nil
}

// rewind sets the sources back to the last commit, after the engine's Abort. What was committed may lie behind control records,
// of which the engine knows nothing, and what is before it may have been purged.
func (t *task) rewind() {
	next := map[string]int64{}
	for _, p := range t.engine.Positions() {
		next[p.Topic.FullName("")] = p.Next
	}
	for _, s := range t.sources {
		s.fetched, s.ended, s.paused = max(next[s.topic], s.committed.Load()), false, false
		s.expect()
	}
	for _, l := range t.logs {
		l.sent = 0
	}
	t.pending = false
}

func (s *source) expect() {
	if !s.alone {
		s.t.engine.Expect(s.topic, !s.ended)
	}
}

package runtime

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/millrace-go/millrace/internal/transport"
)

// ownership is what the group has given to this instance: partitions of the tasks topic, one per task. The group's
// callback writes it, and blocks for nobody.
type ownership struct {
	mu      sync.Mutex
	held    map[int32]uint64 // partition -> stamp of when it was given
	stamp   uint64
	version uint64 // counts changes
	known   bool   // the group has spoken
	changed chan struct{}
}

func newOwnership() *ownership {
	return &ownership{held: map[int32]uint64{}, changed: make(chan struct{}, 1)}
}

// change is the group's callback.
func (o *ownership) change(given, taken []int32) {
	o.mu.Lock()
	o.known = true
	o.version++
	for _, p := range taken {
		delete(o.held, p)
	}
	for _, p := range given {
		o.stamp++
		o.held[p] = o.stamp
	}
	o.mu.Unlock()
	select {
	case o.changed <- struct{}{}:
	default: // the supervisor has yet to look
	}
}

// holds says whether the partition has been owned without a break since stamp.
func (o *ownership) holds(p int32, stamp uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held[p] == stamp
}

// current counts the changes there were.
func (o *ownership) current() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.version
}

// snapshot lists what is held, and says whether the group has spoken at all.
func (o *ownership) snapshot() (held map[int32]uint64, known bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.held), o.known
}

// generation returns the group's generation if all tasks are still owned. The callback cannot come in between.
func (o *ownership) generation(m transport.Member, tasks []*task) (transport.Generation, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := slices.IndexFunc(tasks, func(t *task) bool { return o.held[t.slot] != t.stamp }); i >= 0 {
		return nil, fmt.Errorf("runtime: task %s: %w: it went to another instance", tasks[i].name, transport.ErrMembership)
	}
	return m.Generation()
}

// lost lists the tasks that are not owned any more.
func (o *ownership) lost(tasks []*task) []*task {
	o.mu.Lock()
	defer o.mu.Unlock()
	var gone []*task
	for _, t := range tasks {
		if o.held[t.slot] != t.stamp {
			gone = append(gone, t)
		}
	}
	return gone
}

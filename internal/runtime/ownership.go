package runtime

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/millrace-go/millrace/internal/members"
	"github.com/millrace-go/millrace/internal/transport"
)

// ownership is what the leader has given to this instance, by the tasks' slots in the registry.
type ownership struct {
	mu      sync.Mutex
	member  string           // this instance's id in the group; "": it has none
	held    map[int32]uint64 // slot -> stamp of when it was given
	stamp   uint64
	version uint64 // counts changes
	acked   uint64 // the version of the assignment that is obeyed
	asked   bool   // that assignment waits for this instance to let go of something
	known   bool   // that assignment knows of this instance
	copies  map[int32]bool
	changed chan struct{}
	renamed chan struct{}
}

func newOwnership() *ownership {
	return &ownership{held: map[int32]uint64{}, changed: make(chan struct{}, 1), renamed: make(chan struct{}, 1)}
}

// identify notes this instance's id in the group. Under a new one it owns nothing: the group had expelled it, or it is new.
func (o *ownership) identify(member string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rename(member)
}

func (o *ownership) rename(member string) {
	if o.member == member {
		return
	}
	o.member, o.acked, o.asked, o.known = member, 0, false, false
	clear(o.held)
	o.tell()
	poke(o.renamed)
}

// id is this instance's in the group.
func (o *ownership) id() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.member
}

// acknowledged is what this instance obeys; asked says that somebody waits for it.
func (o *ownership) acknowledged() (member string, version uint64, asked bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.member, o.acked, o.asked
}

// obey takes over what an assignment says.
func (o *ownership) obey(instance string, v *members.View) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.member == "" || v.Assignment.Version == o.acked {
		return
	}
	if !v.Knows(o.member) {
		if o.known { // the leader takes it for gone, and gives its tasks to others
			o.acked, o.asked, o.known = 0, false, false
			clear(o.held)
			o.tell()
		}
		return
	}
	o.acked, o.known, o.asked = v.Assignment.Version, true, false
	o.copies = map[int32]bool{}
	for slot, g := range v.Assignment.Grants {
		if g.Member == o.member {
			if _, held := o.held[slot]; !held {
				o.stamp++
				o.held[slot] = o.stamp
			}
			continue
		}
		delete(o.held, slot)
		o.asked = o.asked || g.From == o.member
	}
	for slot := range o.held {
		if _, there := v.Assignment.Grants[slot]; !there {
			delete(o.held, slot)
		}
	}
	for slot, instances := range v.Assignment.Standbys {
		if slices.Contains(instances, instance) {
			o.copies[slot] = true
		}
	}
	o.tell()
}

// tell wakes the supervisor, with o.mu held.
func (o *ownership) tell() {
	o.version++
	poke(o.changed)
}

// poke wakes who waits for a signal, now or when they look next.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // they have yet to look
	}
}

// holds says whether the task has been owned without a break since stamp.
func (o *ownership) holds(slot int32, stamp uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held[slot] == stamp
}

// current counts the changes there were.
func (o *ownership) current() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.version
}

// snapshot lists what is held, and says whether the leader knows of this instance at all.
func (o *ownership) snapshot() (held map[int32]uint64, known bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.held), o.known
}

// standbys lists the tasks of which a copy is to be kept here.
func (o *ownership) standbys() map[int32]bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.copies)
}

// generation returns the group's generation if all tasks are still owned. The assignment cannot change in between. Tasks were
// given to a member by its id: librdkafka tells nobody when it was expelled and has joined again under another one.
func (o *ownership) generation(m transport.Member, tasks []*task) (transport.Generation, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g, err := m.Generation()
	if err != nil {
		return nil, err
	}
	o.rename(g.MemberID())
	if i := slices.IndexFunc(tasks, func(t *task) bool { return o.held[t.slot] != t.stamp }); i >= 0 {
		return nil, fmt.Errorf("runtime: task %s: %w: it went to another instance", tasks[i].name, transport.ErrMembership)
	}
	return g, nil
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

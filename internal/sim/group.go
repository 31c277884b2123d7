package sim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// rebalancePatience is how long a group waits for all members to join anew (max.poll.interval.ms).
const rebalancePatience = 30 * time.Second

// group is what the coordinator knows of a consumer group of the classic protocol, all of whose members are static.
type group struct {
	c          *cluster
	name       string
	topic      string // whose partitions are shared out
	members    map[string]*joined
	ids        int // member ids given out
	generation int
	preparing  bool // it waits for the members to join
	round      int
	shared     int32 // partitions, at the last sharing out

	offsets map[transport.Partition]transport.Position
	pending map[transport.Partition]map[*transaction]transport.Position
}

// joined is a member as the coordinator has it.
type joined struct {
	instance, id, clientID string
	session                time.Duration
	expires                time.Time
	client                 *member // waits to hear what it gets; nil: it has not joined in this round
	claims                 claims
	assigned               []int32
}

// claims are the partitions that a member has, as of a generation.
type claims struct {
	generation int
	partitions []int32
}

// generation says who commits. Its zero value is what a client says that has lost its membership.
type generation struct {
	group, instance, id string
	number              int
}

// MemberID implements [transport.Generation].
func (g generation) MemberID() string { return g.id }

func newGroup(c *cluster, name string) *group {
	return &group{
		c: c, name: name, members: map[string]*joined{},
		offsets: map[transport.Partition]transport.Position{}, pending: map[transport.Partition]map[*transaction]transport.Position{},
	}
}

// validate says whether a commit is taken. A group without members takes one that names no generation: so do tools commit.
func (g *group) validate(by generation) error {
	j := g.members[by.instance]
	switch {
	case by.number < 0 && len(g.members) == 0:
		return nil
	case j == nil:
		return fmt.Errorf("sim: member %q is unknown: %w", by.id, transport.ErrMembership)
	case j.id != by.id:
		return fmt.Errorf("sim: instance %s has another member id: %w", by.instance, transport.ErrMembership)
	case by.number != g.generation:
		return fmt.Errorf("sim: generation %d is not %d: %w", by.number, g.generation, transport.ErrMembership)
	}
	return nil
}

// join is a request to be in the next generation. A static member that comes back takes its place again, without the group
// being shared out anew; who had it before is fenced.
func (g *group) join(m *member, id string, has claims) {
	g.topic = m.cfg.Topic
	j := g.members[m.cfg.Instance]
	switch {
	case id != "" && j == nil:
		m.lose(true)
		return
	case id != "" && j.id != id:
		m.fence()
		return
	case j == nil:
		j = &joined{instance: m.cfg.Instance}
		g.members[m.cfg.Instance] = j
		g.enroll(j, m)
		g.watch(j)
	case id == "":
		g.enroll(j, m)
		if !g.preparing {
			j.expires = time.Now().Add(j.session)
			g.tell(j, m)
			return
		}
	}
	if j.client != nil && j.client != m { // two processes with one instance id, both about to join
		j.client.fence()
	}
	j.client, j.claims, j.expires = m, has, time.Now().Add(j.session)
	g.prepare()
	g.complete(false)
}

// enroll gives a member its id.
func (g *group) enroll(j *joined, m *member) {
	g.ids++
	j.id, j.clientID, j.session = fmt.Sprintf("%s-%d", m.cfg.Instance, g.ids), m.cfg.ClientID, m.cfg.Session
}

// prepare asks all members to join anew.
func (g *group) prepare() {
	if g.preparing {
		return
	}
	g.preparing = true
	g.round++
	round := g.round
	g.c.w.sched.after(rebalancePatience, "rebalance times out", nil, func() {
		if g.preparing && g.round == round {
			g.complete(true)
		}
	})
}

// complete shares the partitions out once all have joined, or without those that have not.
func (g *group) complete(late bool) {
	if !g.preparing {
		return
	}
	for _, j := range g.sorted() {
		if j.client == nil && !late {
			return
		}
		if j.client == nil {
			delete(g.members, j.instance)
		}
	}
	g.preparing = false
	g.generation++
	list := g.sorted()
	g.shared = g.c.count(g.topic)
	share(g.c.w.sched.rnd, g.shared, list)
	for _, j := range list {
		j.expires = time.Now().Add(j.session)
		g.tell(j, j.client)
		j.client = nil
	}
}

// tell answers a member's join.
func (g *group) tell(j *joined, m *member) {
	s, id, number, round, assigned := g.c.w.sched, j.id, g.generation, m.round, slices.Clone(j.assigned)
	s.after(s.climate.latency(s.rnd), fmt.Sprintf("%s joined: generation %d, tasks %v", j.id, number, assigned), m.p, func() { m.joined(round, id, number, assigned) })
}

// watch removes a member whose session has ended. While the group waits for others, one that has joined need not be heard of.
func (g *group) watch(j *joined) {
	s := g.c.w.sched
	s.after(max(time.Until(j.expires), j.session), "session of "+j.instance, nil, func() {
		switch now := time.Now(); {
		case g.members[j.instance] != j:
			return
		case j.client == nil && !now.Before(j.expires) && g.c.away() <= 0:
			s.trace.add(j.id + " is expelled")
			delete(g.members, j.instance)
			if len(g.members) > 0 {
				g.prepare()
				g.complete(false)
			}
		default:
			g.watch(j)
		}
	})
}

func (g *group) sorted() []*joined {
	list := make([]*joined, 0, len(g.members))
	for _, instance := range slices.Sorted(maps.Keys(g.members)) {
		list = append(list, g.members[instance])
	}
	return list
}

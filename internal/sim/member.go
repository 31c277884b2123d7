package sim

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/millrace-go/millrace/internal/transport"
)

// member is a client's side of its membership, as librdkafka has it: heartbeats and joins go on beside Poll, which tells
// of what they brought; and after something was taken, the group hears of it once Poll has told.
type member struct {
	p   *process
	cfg transport.MemberConfig

	mu     sync.Mutex // Generation is asked for at any time
	id     string     // "": it has to be given one
	number int        // the generation; -1: none

	owned   []int32
	news    []news // for Poll
	rejoin  bool   // once Poll has told the news
	joining bool   // an answer is due
	round   int    // of the joins: the answer to an earlier one does not count
	heard   time.Time
	fatal   error
	closed  bool
}

// news is what the callback is to be told.
type news struct{ given, taken []int32 }

// NewMember implements [transport.Client].
func (p *process) NewMember(cfg transport.MemberConfig) (transport.Member, error) {
	m := &member{p: p, cfg: cfg, number: -1}
	err := p.call(call{key: "new member", local: true, do: func() error {
		m.heard = time.Now()
		m.join()
		m.beat()
		return nil
	}})
	return m, err
}

// away is for how long the coordinator cannot be reached.
func (m *member) away() time.Duration { return max(m.p.w.cluster.away(), time.Until(m.p.deaf)) }

func (m *member) sched() *schedule { return m.p.w.sched }

func (m *member) set(id string, number int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id, m.number = id, number
}

// join asks to be in the next generation.
func (m *member) join() {
	m.joining, m.rejoin = true, false
	m.round++
	round := m.round
	var send func()
	send = func() {
		switch c := m.p.w.cluster; {
		case m.closed || m.round != round:
		case m.away() > 0:
			m.sched().after(m.away(), m.p.name+" join", m.p, send)
		default:
			c.group(m.cfg.Group).join(m, m.id, claims{m.number, slices.Clone(m.owned)})
		}
	}
	m.sched().after(m.sched().climate.latency(m.sched().rnd), m.p.name+" join", m.p, send)
}

// joined is the answer.
func (m *member) joined(round int, id string, number int, assigned []int32) {
	if round != m.round || m.closed {
		return
	}
	m.joining, m.heard = false, time.Now()
	m.set(id, number)
	var n news
	for _, p := range m.owned {
		if !slices.Contains(assigned, p) {
			n.taken = append(n.taken, p)
		}
	}
	for _, p := range assigned {
		if !slices.Contains(m.owned, p) {
			n.given = append(n.given, p)
		}
	}
	m.owned = assigned
	if len(n.taken) > 0 {
		m.news = append(m.news, news{taken: n.taken})
		m.rejoin = true
	}
	m.news = append(m.news, news{given: n.given}) // also of nothing: the group has spoken
}

// lose is the end of a membership, of which the group knows already: all is taken, and a new one begins.
func (m *member) lose(forget bool) {
	m.joining = false
	m.round++
	id := m.id
	if forget {
		id = ""
	}
	m.set(id, -1)
	m.heard = time.Now()
	if len(m.owned) == 0 && len(m.news) == 0 {
		m.join()
		return
	}
	m.news = append(m.news, news{taken: m.owned})
	m.owned, m.rejoin = nil, true
}

// fence ends the membership for good: another process has its place.
func (m *member) fence() {
	m.fatal = fmt.Errorf("sim: instance %s: %w", m.cfg.Instance, transport.ErrInstance)
}

// beat tells the coordinator that the member is there, and hears from it whether the group is being shared out anew.
func (m *member) beat() {
	if m.closed || m.fatal != nil {
		return
	}
	m.sched().after(m.cfg.Session/6, m.p.name+" heartbeat", m.p, func() {
		m.beat()
		m.sched().after(m.sched().climate.latency(m.sched().rnd), m.p.name+" heartbeat arrives", m.p, func() {
			if !m.closed && !m.joining && m.number >= 0 {
				m.heartbeat()
			}
		})
	})
}

func (m *member) heartbeat() {
	g := m.p.w.cluster.group(m.cfg.Group)
	j, now := g.members[m.cfg.Instance], time.Now()
	switch {
	case m.away() > 0:
		if now.Sub(m.heard) > m.cfg.Session { // the client gives itself up
			m.lose(true)
		}
	case j == nil:
		m.lose(true)
	case j.id != m.id:
		m.fence()
	case m.number != g.generation:
		m.lose(false)
	default:
		j.expires, m.heard = now.Add(j.session), now
		switch {
		case g.preparing && len(m.news) == 0:
			m.join()
		case g.shared != g.c.count(g.topic) && !g.preparing && len(m.news) == 0: // the topic has grown
			g.prepare()
			m.join()
		}
	}
}

// Poll implements [transport.Member].
func (m *member) Poll(wait time.Duration) error {
	var list []news
	err := m.p.call(call{
		key: "poll", local: true, wait: m.p.w.climate.patient(wait),
		ready: func() bool { return len(m.news) > 0 || m.fatal != nil },
		do: func() error {
			list, m.news = m.news, nil
			return m.fatal
		},
	})
	if err != nil || len(list) == 0 {
		return err
	}
	for _, n := range list {
		m.cfg.Changed(n.given, n.taken)
	}
	return m.p.call(call{key: "told", local: true, do: func() error {
		if m.rejoin && len(m.news) == 0 {
			m.join()
		}
		return nil
	}})
}

// Generation implements [transport.Member]. It is asked under a lock, so it does not wait.
func (m *member) Generation() (transport.Generation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return generation{group: m.cfg.Group, instance: m.cfg.Instance, id: m.id, number: m.number}, nil
}

// Commit implements [transport.Member].
func (m *member) Commit(_ context.Context, ps []transport.Position) error {
	ps = slices.Clone(ps)
	return m.p.call(call{key: "commit offsets", patience: m.cfg.Session, do: func() error {
		return m.p.unreachable(func() error {
			by, err := m.Generation()
			if err != nil {
				return err
			}
			g := m.p.w.cluster.group(m.cfg.Group)
			if err := g.validate(by.(generation)); err != nil {
				return err
			}
			g.commit(ps, nil)
			return nil
		})
	}})
}

// Committed implements [transport.Member].
func (m *member) Committed(_ context.Context, ps []transport.Partition) (list []transport.Position, err error) {
	g := m.p.w.cluster.group(m.cfg.Group)
	err = m.p.call(call{
		key: fmt.Sprint("committed ", ps), patience: time.Minute,
		ready: func() bool { return g.settled(ps) },
		do: func() error {
			return m.p.unreachable(func() error {
				list = g.committed(ps)
				return nil
			})
		},
	})
	return list, err
}

// Close implements [transport.Member]: a static member stays in the group until its session ends.
func (m *member) Close() error {
	return m.p.call(call{key: "close member", local: true, do: func() error {
		m.closed = true
		return nil
	}})
}

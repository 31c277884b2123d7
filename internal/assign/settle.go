package assign

import "slices"

// settle finds out what of the last assignment still stands: who is gone, and who has let go.
func (p *plan) settle() {
	ran := make(map[int32]bool, len(p.tasks))
	for _, j := range p.tasks {
		ran[j.Slot] = true
		j.grant, j.stage = p.settled(j.Slot)
		if j.stage == kept {
			p.keep(j)
		}
	}
	// A slot that is no task any more is taken from its holder like one that moves, and is forgotten when it has let go.
	for slot := range p.prev.Grants {
		if ran[slot] {
			continue
		}
		switch grant, stage := p.settled(slot); stage {
		case kept:
			p.leftover[slot] = p.taken(grant)
		case parted:
			p.leftover[slot] = grant
		case pending, awaited: // nobody holds it
		}
	}
}

// settled gives the grant of a slot as far as the group's present state decides it.
func (p *plan) settled(slot int32) (Grant, stage) {
	grant := p.prev.Grants[slot]
	if _, ok := p.present[grant.Member]; ok && grant.Member != "" {
		return grant, kept
	}
	grant.Member = "" // an id that is gone from the group commits nothing any more
	if grant.From != "" && !p.letGo(grant, slot) {
		return grant, parted
	}
	// Nobody that was granted the task can commit for it. Yet a member may hold it that was not granted it: before there
	// was a first assignment, by another rule, and then it goes on. One that obeys an assignment is about to stop.
	if ids := p.holders[slot]; len(ids) > 0 {
		m := p.announced[ids[0]]
		if m.Acked == 0 && len(ids) == 1 && grant.From == "" {
			return Grant{Member: m.ID, Instance: m.Instance}, kept
		}
		return Grant{Instance: m.Instance, From: m.ID, Since: p.version}, parted
	}
	return grant, pending
}

// letGo says whether the member from which a task was taken can no longer commit for it.
func (p *plan) letGo(grant Grant, slot int32) bool {
	if _, ok := p.present[grant.From]; !ok {
		return true
	}
	m, ok := p.announced[grant.From]
	return ok && m.Acked >= grant.Since && !slices.Contains(m.Held, slot)
}

// keep counts a task for the member that runs it.
func (p *plan) keep(j *job) {
	if j.at = p.indexOf(j.grant.Member); j.at >= 0 {
		p.counts.add(j.sub, j.at, 1)
	}
}

func (p *plan) indexOf(id string) int {
	return slices.IndexFunc(p.able, func(m *Member) bool { return m.ID == id })
}

// taken is the grant of a task after it has been taken from the member that runs it.
func (p *plan) taken(grant Grant) Grant {
	return Grant{Instance: grant.Instance, From: grant.Member, Since: p.version}
}

// vacate takes from the members that leave what somebody else can run at once. The rest they run until they are gone, since
// nobody could do so sooner.
func (p *plan) vacate() {
	for _, j := range p.tasks {
		if m, ok := p.announced[j.grant.Member]; j.stage != kept || !ok || !m.Leaving {
			continue
		}
		for member := range p.able {
			if p.caughtUp(j, member) {
				j.grant, j.stage = p.taken(j.grant), parted
				break
			}
		}
	}
}

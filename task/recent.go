package task

// recently is how many attempts a worker remembers.
const recently = 10_000

// recent remembers attempts whose result is acknowledged, so that those which come again, because a rebalance came before
// the commit, need not be done again. It saves work and decides nothing.
type recent struct {
	known map[attemptID]bool
	ring  []attemptID
	at    int
}

type attemptID struct {
	id      string
	attempt int
}

func newRecent() *recent { return &recent{known: map[attemptID]bool{}} }

func (r *recent) add(a attemptID) {
	if r.known[a] {
		return
	}
	r.known[a] = true
	if len(r.ring) < recently {
		r.ring = append(r.ring, a)
		return
	}
	delete(r.known, r.ring[r.at])
	r.ring[r.at] = a
	r.at = (r.at + 1) % recently
}

func (r *recent) has(a attemptID) bool { return r.known[a] }

package metamorphic

import "slices"

// shrink leaves out of a failing case what it fails without: parts first, each of which spares many steps, then the waits of
// interruptions, then steps in ever smaller chunks. It tries no more than limit cases. What it fails with may change on the way: any failure will do.
func shrink(c Case, limit int, fails func(*Case) bool) Case {
	tries := 0
	attempt := func(smaller Case) bool {
		tries++
		if tries > limit || !fails(&smaller) {
			return false
		}
		c = smaller
		return true
	}
	for again := true; again; {
		again = false
		for _, part := range c.Parts {
			smaller := c
			smaller.Parts = slices.DeleteFunc(slices.Clone(c.Parts), func(p string) bool { return p == part })
			again = attempt(smaller) || again
		}
		for i, s := range c.Steps {
			if s.sooner != nil {
				smaller := c
				smaller.Steps = slices.Clone(c.Steps)
				smaller.Steps[i] = s.sooner()
				again = attempt(smaller) || again
			}
		}
		for size := max(1, len(c.Steps)/2); size > 0; size /= 2 {
			for from := 0; from < len(c.Steps); {
				smaller := c
				smaller.Steps = slices.Delete(slices.Clone(c.Steps), from, min(from+size, len(c.Steps)))
				if attempt(smaller) {
					again = true
				} else {
					from += size
				}
			}
		}
	}
	return c
}

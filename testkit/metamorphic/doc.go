// Package metamorphic finds what ought not to matter and does: a topology's outputs and stores must be the same whether its
// tasks run undisturbed, or are aborted, crash, and lose their disks between any two records; whether stores lie in memory or
// on disk, values go through their serdes or not, and commits come after each record or seldom.
//
// [Test] draws cases from seeds: records, and if one likes topologies. A case that fails is made small: parts of the topology,
// records and interruptions that it fails without are left out. What remains is printed as a script of package golden, with the
// seed that repeats it.
//
//	func TestNothingShows(t *testing.T) {
//		metamorphic.Test(t, 50, func(rng *rand.Rand) metamorphic.Case {
//			c := metamorphic.Case{Build: func(metamorphic.Has) (*topology.Topology, error) { return build() }}
//			for at := range int64(100) {
//				c.Steps = append(c.Steps, metamorphic.Pipe(images, stream.Record[string, Image]{Key: "a", Value: randomImage(rng), Timestamp: at}))
//			}
//			return c
//		})
//	}
//
// MILLRACE_SEED=N repeats one seed. Callbacks must be pure but for the stores that they name: what else they remember is what
// the test finds.
package metamorphic

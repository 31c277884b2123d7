// Package pipeline is the topology: from images to the features of sites, wells
// and plates. It is what the demo runs, what its tests drive in memory, and what
// a program of your own would run on Kafka.
//
// Its nouns follow a plate from the camera up. An Image is an event that names
// a file; Measured is what was measured of it. A Progress gathers the images of
// a site; a Site is one that is complete, and is also the task that is handed
// to the workers outside; SiteFeatures is what they answer. WellFeatures and
// PlateFeatures are medians of those. An Experiment says how many channels,
// sites and wells there are to expect. Pixels stay in their files throughout.
//
//	topo, err := pipeline.Build()
//	if err != nil {
//		return err
//	}
//	return millrace.Run(ctx, topo, millrace.Config{Bootstrap: "localhost:9092"})
//
// It does no analysis of cells, and nothing in it knows about a broker.
package pipeline

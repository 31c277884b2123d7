package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millrace-go/millrace/stream"
	"github.com/millrace-go/millrace/table"
	"github.com/millrace-go/millrace/topology"
	"github.com/millrace-go/millrace/window"
)

// parseImages reads a site's aggregate: channel to image.
func parseImages(s string) map[string]string {
	images := map[string]string{}
	for part := range strings.SplitSeq(s, ";") {
		if channel, image, found := strings.Cut(part, "="); found {
			images[channel] = image
		}
	}
	return images
}

func showImages(images map[string]string) string {
	parts := make([]string, 0, len(images))
	for _, channel := range slices.Sorted(maps.Keys(images)) {
		parts = append(parts, channel+"="+images[channel])
	}
	return strings.Join(parts, ";")
}

func noImages[S text]() S { return is[S]("") }

func addImage[S text](a, _, v S) S {
	channel, image, found := strings.Cut(show(v), ":")
	if isNull(v) || !found || channel == "" {
		return a
	}
	images := parseImages(show(a))
	images[channel] = image
	return is[S](showImages(images))
}

func mergeImages[S text](a, _, b S) S {
	images := parseImages(show(a))
	maps.Copy(images, parseImages(show(b)))
	return is[S](showImages(images))
}

// complete reports whether the site of a result has all six channels.
func complete[S text](_, v S) bool {
	images, _, _ := strings.Cut(show(v), " ")
	return len(parseImages(images)) == 6
}

func plateOf(site string) string {
	plate, _, _ := strings.Cut(site, "-")
	return plate
}

// siteSessions are the sessions of each site.
func siteSessions[S text](x *drawing[S], more ...topology.Option) *table.Table[window.Key[S], S] {
	return x.from("images_channels").GroupByKey().WindowedBySession(x.sessions()).
		Aggregate(noImages[S], addImage, mergeImages, append(x.sess[S]("sites"), more...)...)
}

// byPlate are the changes of sessions, deletes left out, by plate.
func byPlate[S text](sites *table.Table[window.Key[S], S]) *stream.Stream[S, S] {
	return stream.Changes(sites).
		Filter(func(_ window.Key[S], v S) bool { return !isNull(v) }).
		Map(func(k window.Key[S], v S) (S, S) {
			return is[S](plateOf(show(k.Key))), is[S](fmt.Sprintf("%s %s@%d-%d", show(v), show(k.Key), k.Start, k.End))
		})
}

// imagingSites are the changes of the sessions of each site, by plate.
func imagingSites[S text](x *drawing[S], more ...topology.Option) *stream.Stream[S, S] {
	return byPlate(siteSessions(x, more...))
}

// siteOf is the site in a result: the second field up to its "@".
func siteOf[S text](_, v S) S {
	_, rest, _ := strings.Cut(show(v), " ")
	field, _, _ := strings.Cut(rest, " ")
	site, _, _ := strings.Cut(field, "@")
	return is[S](site)
}

func experiments[S text](x *drawing[S]) *table.Table[S, S] { return x.table("experiments", "exps") }

func imagingInner[S text](x *drawing[S]) { joinSites(x, imagingSites(x)) }

func joinSites[S text](x *drawing[S], sites *stream.Stream[S, S]) {
	joined := sites.JoinTable(experiments(x), func(l, r S) S { return is[S](show(l) + " " + show(r)) }, topology.As("j"))
	x.to(joined.Filter(complete).SelectKey(siteOf), "images_site")
}

func imagingLeft[S text](x *drawing[S]) {
	joined := imagingSites(x).LeftJoinTable(experiments(x), func(l, r S, ok bool) S {
		if !ok {
			r = is[S]("null")
		}
		return is[S](show(l) + " " + show(r))
	}, topology.As("j"))
	x.to(joined.SelectKey(siteOf), "images_site")
}

func wordCount[S text](x *drawing[S]) {
	counts := x.from("in").
		FlatMapValues(func(v S) []S {
			var list []S
			for w := range strings.SplitSeq(show(v), " ") {
				if w != "" && !isNull(v) {
					list = append(list, is[S](w))
				}
			}
			return list
		}).
		GroupBy(func(_, v S) S { return v }, topology.As("gb")).Count(x.kv[int64]("counts")...)
	x.changes(counts, "out")
}

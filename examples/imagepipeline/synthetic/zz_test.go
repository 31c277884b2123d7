package synthetic
import ("testing";"os";"image";"image/png";"image/color";"path/filepath";"strings"
"github.com/millrace-go/millrace/examples/imagepipeline/imaging")
func TestMontage(t *testing.T){
 dir:=t.TempDir()
 wells:=[]string{"D02","D08","D12","D16","D23"}
 const S=24
 Write(t.Context(),dir,Options{Plates:[]Plate{{"e","p"}},Wells:wells,Sites:1,Size:S})
 const Z=6
 m:=image.NewGray(image.Rect(0,0,6*(S*Z+4),len(wells)*(S*Z+4)))
 es,_:=os.ReadDir(filepath.Join(dir,"e","p"))
 for _,e:=range es{ for r,w:=range wells{ for c:=0;c<6;c++{
  if !strings.HasPrefix(e.Name(),"p_"+w+"_s1_w"+string(rune('1'+c))){continue}
  im,err:=imaging.Read(filepath.Join(dir,"e","p",e.Name())); if err!=nil{t.Fatal(err)}
  for y:=0;y<S*Z;y++{for x:=0;x<S*Z;x++{ m.SetGray(c*(S*Z+4)+x,r*(S*Z+4)+y,color.Gray{uint8(min(255,int(im.Pix[y/Z*S+x/Z])*255/20000))})}}
 }}}
 f,_:=os.Create("/tmp/imgview/montage.png"); png.Encode(f,m); f.Close()
}

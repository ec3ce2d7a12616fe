/* tests/interop/hdr/Reencode.java: decodes each of our histograms and writes it again.
 *
 *   Reencode FOLDER: for each N.b64 in FOLDER, N.java.b64 and N.java.hgrm. */
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

public final class Reencode {
    public static void main(String[] arguments) throws Exception {
        Locale.setDefault(Locale.ROOT);
        try (Stream<Path> paths = Files.list(Paths.get(arguments[0]))) {
            List<Path> encoded = paths.filter(Reencode::isOurs).sorted().collect(Collectors.toList());
            for (Path path : encoded) reencode(path);
        }
    }

    private static boolean isOurs(Path path) {
        return path.toString().matches(".*/\\d+\\.b64");
    }

    private static void reencode(Path path) throws Exception {
        byte[] bytes = Base64.getDecoder().decode(Files.readString(path).trim());
        Histogram histogram = Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(bytes), 0);
        ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        int size = histogram.encodeIntoCompressedByteBuffer(buffer);
        byte[] again = new byte[size];
        buffer.flip();
        buffer.get(again);
        Files.writeString(other(path, ".java.b64"), Base64.getEncoder().encodeToString(again) + "\n");
        try (PrintStream table = new PrintStream(other(path, ".java.hgrm").toFile())) {
            histogram.outputPercentileDistribution(table, 5, 1.0);
        }
    }

    private static Path other(Path path, String ending) throws IOException {
        return Paths.get(path.toString().replace(".b64", ending));
    }
}

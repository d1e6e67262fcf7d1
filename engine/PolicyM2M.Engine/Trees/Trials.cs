using System.Runtime.InteropServices;

namespace PolicyM2M.Engine.Trees;

/// <summary>
/// The cases of a list that could match, and every way in which missing facets can make their tests come out: for each facet one code of every cell that the tests cut its
/// codes into, and all their combinations. Mutable, used by one walk at a time.
/// </summary>
internal sealed class Trials
{
    private readonly List<int> _facets = [];
    private readonly List<List<long>> _cells = [];
    private readonly List<long> _codes = [];
    private readonly List<int> _places = [];
    private readonly List<int> _answers = [];
    private readonly List<int> _ends = [];
    private readonly List<(int At, int Facet)> _tests = [];

    /// <summary>The answers of the cases.</summary>
    public ReadOnlySpan<int> Answers => CollectionsMarshal.AsSpan(_answers);

    public void Clear()
    {
        _facets.Clear();
        _codes.Clear();
        _places.Clear();
        _answers.Clear();
        _ends.Clear();
        _tests.Clear();
    }

    /// <summary>Adds a case, without tests.</summary>
    public void AddCase(int answer)
    {
        _answers.Add(answer);
        _ends.Add(_tests.Count);
    }

    /// <summary>Adds a test of a missing facet to the last case, and notes its cells.</summary>
    public void AddTest(ReadOnlySpan<int> program, int at, int facet, (long Lowest, long Highest) codes)
    {
        int place = _facets.IndexOf(facet);
        if (place < 0)
        {
            place = _facets.Count;
            _facets.Add(facet);
            if (_cells.Count == place)
                _cells.Add([]);
            _cells[place].Clear();
            _cells[place].Add(codes.Lowest);
        }
        _tests.Add((at, place));
        _ends[^1] = _tests.Count;
        List<long> cells = _cells[place];
        for (int i = 0; i < TestCodes.Count(program, at); i++)
        {
            (long low, long high) = TestCodes.Interval(program, at, i, codes);
            cells.Add(low);
            if (high < codes.Highest)
                cells.Add(high + 1);
        }
    }

    /// <summary>Sets the first combination; false where there are too many.</summary>
    public bool Start(int maximum)
    {
        long combinations = 1;
        for (int i = 0; i < _facets.Count; i++)
        {
            List<long> cells = _cells[i];
            cells.Sort();
            int kept = 1;
            for (int c = 1; c < cells.Count; c++)
            {
                if (cells[c] > cells[kept - 1])
                    cells[kept++] = cells[c];
            }
            cells.RemoveRange(kept, cells.Count - kept);
            combinations *= kept;
            if (combinations > maximum)
                return false;
            _codes.Add(cells[0]);
            _places.Add(0);
        }
        return true;
    }

    /// <summary>Sets the next combination; false where it was the last.</summary>
    public bool Next()
    {
        for (int i = 0; i < _facets.Count; i++)
        {
            if (++_places[i] < _cells[i].Count)
            {
                _codes[i] = _cells[i][_places[i]];
                return true;
            }
            _places[i] = 0;
            _codes[i] = _cells[i][0];
        }
        return false;
    }

    /// <summary>The answer of the first case that matches in this combination; the last case has no tests of what is missing.</summary>
    public int Answer(ReadOnlySpan<int> program)
    {
        int test = 0;
        for (int i = 0; i < _answers.Count; i++)
        {
            while (test < _ends[i] && TreeWalk.Holds(program, _tests[test].At, _codes[_tests[test].Facet]))
                test++;
            if (test == _ends[i])
                return _answers[i];
            test = _ends[i];
        }
        throw new InvalidOperationException("the last case of a leaf has tests");
    }
}

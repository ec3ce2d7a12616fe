// tests/browser/judge.js: what a page is like once it is laid out; run inside it by tests/browser/run.sh.
// Leaves a line a fault in an element with the id "findings": an empty one is a good page.
(() => {
    const LETTERS_LEAST_PX = 8, FRAME_SLACK_PX = 3, OVERLAP_PX = 2;
    const findings = [];
    const heightOf = (node) => node.getBoundingClientRect().height;
    document.querySelectorAll('details').forEach((node) => node.setAttribute('open', ''));

    if (document.documentElement.scrollWidth > innerWidth)
        findings.push(`the page is ${document.documentElement.scrollWidth - innerWidth} pixels too wide`);

    const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
    ids.filter((id, at) => ids.indexOf(id) !== at).forEach((id) => findings.push(`the id ${id} is given twice`));
    document.querySelectorAll('[href]').forEach((node) => {
        const to = node.getAttribute('href');
        if (to.startsWith('#') && !document.getElementById(to.slice(1))) findings.push(`${to} leads nowhere`);
    });

    // A table may scroll in its own box, but must not be squeezed out of it.
    document.querySelectorAll('table').forEach((table) => {
        const box = table.parentElement;
        if (table.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX !== 'auto')
            findings.push(`a table overflows its box: ${table.textContent.slice(0, 40)}`);
    });

    const inside = (outer, inner) => inner.left >= outer.left - FRAME_SLACK_PX &&
        inner.right <= outer.right + FRAME_SLACK_PX && inner.top >= outer.top - FRAME_SLACK_PX &&
        inner.bottom <= outer.bottom + FRAME_SLACK_PX;
    const cross = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > OVERLAP_PX &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > OVERLAP_PX;

    // Grid and axes are drawn in any plot: only what has the colour of data is content.
    const DATA = /--(main|other|third|fourth|ink)\b/;
    const colorsOf = (node) => node.closest('text') ? '' :
        [node, node.parentElement].map((at) => ['stroke', 'fill', 'color', 'style']
            .map((name) => at.getAttribute(name) || '').join(' ')).join(' ');
    const isDrawn = (node) => {
        const box = node.getBoundingClientRect();
        return (box.width > 0 || box.height > 0) && DATA.test(colorsOf(node));
    };
    document.querySelectorAll('svg').forEach((svg) => {
        const name = svg.getAttribute('aria-label').slice(0, 60), frame = svg.getBoundingClientRect();
        const shapes = [...svg.querySelectorAll('path,polygon,polyline,line,rect,circle,use')]
            .filter((node) => !node.closest('defs'));
        if (frame.height < 50) findings.push(`${name}: has no size`);
        if (!shapes.some(isDrawn)) findings.push(`${name}: is empty`);
        shapes.filter((node) => isDrawn(node) && !inside(frame, node.getBoundingClientRect()))
            .forEach((node) => findings.push(`${name}: draws outside its frame: ${node.outerHTML.slice(0, 80)}`));
        const texts = [...svg.querySelectorAll('text')].filter((node) => node.textContent.trim());
        const boxes = texts.map((node) => node.getBoundingClientRect());
        texts.forEach((node, at) => {
            const words = node.textContent.trim();
            const letters = parseFloat(getComputedStyle(node).fontSize) * frame.width / svg.viewBox.baseVal.width;
            if (letters < LETTERS_LEAST_PX) findings.push(`${name}: "${words}" is only ${letters.toFixed(1)} pixels high`);
            if (!inside(frame, boxes[at])) findings.push(`${name}: "${words}" leaves the frame`);
            const isTurned = /rotate/.test(node.parentElement.getAttribute('transform') || '');
            texts.slice(at + 1).forEach((other, more) => {
                const isOtherTurned = /rotate/.test(other.parentElement.getAttribute('transform') || '');
                if (!isTurned && !isOtherTurned && cross(boxes[at], boxes[at + 1 + more]))
                    findings.push(`${name}: "${words}" lies over "${other.textContent.trim()}"`);
            });
        });
    });
    const list = document.createElement('pre');
    list.id = 'findings';
    list.textContent = `\nFINDINGS ${document.querySelectorAll('svg').length} plots\n${[...new Set(findings)].join('\n')}\nEND\n`;
    document.body.appendChild(list);
})();

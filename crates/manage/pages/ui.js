// What draws the pages, under one name: Preact, its hooks, and htm for markup without a build step.
import { h, render, Component, Fragment } from './vendor/preact.js';
import htm from './vendor/htm.js';

export { useState, useEffect, useRef, useMemo, useCallback } from './vendor/hooks.js';
export { h, render, Component, Fragment };
export const html = htm.bind(h);

// The root route: the frame around every page.
import { createRootRoute } from '@tanstack/react-router'
import { Missing } from '../components/States'
import { Frame } from './Frame'

export const root = createRootRoute({ component: Frame, notFoundComponent: Missing })
